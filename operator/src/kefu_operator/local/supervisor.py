"""All keepers of one instance, brought in line with a plan: what is new starts, what changed restarts, what is gone ends."""

import asyncio
import dataclasses
from collections.abc import Iterable, Sequence

from kefu_operator.local.errors import LocalError
from kefu_operator.local.events import Tone
from kefu_operator.local.keeper import Keeper, Phase, Tools
from kefu_operator.plan.workload import Container, DocumentMount, Mount, Workload


def identity(workload: Workload) -> object:
    """What a running process cannot take over: equal identities need no restart. Contents of documents are no part of
    it, because every service follows its documents."""
    return (_essence(workload.container), tuple(_essence(step) for step in workload.steps))


def _essence(container: Container) -> object:
    mounts = tuple(_without_contents(mount) for mount in container.mounts)
    return (container.command, tuple(sorted(container.env.items())), mounts)


def _without_contents(mount: Mount) -> Mount:
    return dataclasses.replace(mount, files={}) if isinstance(mount, DocumentMount) else mount


class Supervisor:
    """Keeps a set of workloads running."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._keepers: dict[str, Keeper] = {}

    @property
    def keepers(self) -> tuple[Keeper, ...]:
        """In the order in which they were started."""
        return tuple(self._keepers.values())

    def keeper(self, name: str) -> Keeper | None:
        """The keeper of a workload, if there is one."""
        return self._keepers.get(name)

    async def apply(self, workloads: Sequence[Workload], *, patient: bool) -> None:
        """Bring the processes in line.

        Args:
            workloads: all that are to run.
            patient: wait until new workloads are ready before the others learn of them and the old ones end, so that
                the old answer meanwhile. At the very start there is nobody to wait for.

        Raises:
            LocalError: a new workload was given up; it is taken away again, and all others run as before.
        """
        await self._add([workload for workload in workloads if workload.name not in self._keepers], patient=patient)
        for workload in workloads:
            await self._adapt(self._keepers[workload.name], workload)
        wanted = {workload.name for workload in workloads}
        await self._stop(name for name in list(self._keepers) if name not in wanted)

    async def _add(self, fresh: Sequence[Workload], *, patient: bool) -> None:
        for workload in fresh:
            self._keepers[workload.name] = Keeper(workload, self._tools)
        if not patient:
            return
        try:
            # The first failure is enough to know that the change will not be.
            await asyncio.gather(*(self._keepers[workload.name].settled() for workload in fresh))
        except LocalError:
            await self._stop(workload.name for workload in fresh)
            raise

    async def _adapt(self, keeper: Keeper, workload: Workload) -> None:
        if identity(keeper.workload) == identity(workload) and keeper.phase is not Phase.FAILED:
            keeper.refresh(workload)
            return
        self._tools.tell(workload.name, "starts again, because its settings changed", Tone.STEP)
        await keeper.stop()
        self._keepers[workload.name] = Keeper(workload, self._tools)

    async def settled(self) -> None:
        """Wait until every workload is ready once.

        Raises:
            LocalError: one of them was given up.
        """
        await asyncio.gather(*(keeper.settled() for keeper in self.keepers))

    async def close(self) -> None:
        """End everything: gateways first, so that they can finish what they are saying."""
        gateways = [keeper.workload.name for keeper in self.keepers if keeper.workload.component == "gateway"]
        await self._stop(gateways)
        await self._stop(list(self._keepers))

    async def _stop(self, names: Iterable[str]) -> None:
        leaving = [self._keepers.pop(name) for name in list(names) if name in self._keepers]
        await asyncio.gather(*(keeper.stop() for keeper in leaving))
