"""Documents that come from elsewhere while an instance runs: fetched as they come due, or pushed."""

import asyncio
from collections.abc import Callable, Mapping

from kefu_operator.local.errors import LocalError
from kefu_operator.local.events import Tell, Tone
from kefu_operator.local.ingestion import Ingestion
from kefu_operator.local.plan import LocalPlan
from kefu_operator.local.pushed import Pushed
from kefu_operator.local.sources import Sources

POLL = 1.0
"""Seconds between looks."""
RETRY = 30.0
"""Seconds until fetching is tried again that could not be done at all."""


class Arrivals:
    """Notices that there are other documents than a moment ago."""

    def __init__(
        self,
        sources: Sources,
        pushed: Pushed,
        ingestions: Mapping[str, Ingestion],
        plan: Callable[[], LocalPlan],
        tell: Tell,
    ) -> None:
        """`plan`: the one that is at work now."""
        self._sources = sources
        self._pushed = pushed
        self._ingestions = ingestions
        self._plan = plan
        self._tell = tell
        self._held: object = None

    async def first(self) -> None:
        """Bring the remote sources before anything starts.

        Raises:
            LocalError: one was never fetched, and cannot be now.
        """
        plan = self._plan()
        await self._sources.bring(plan.fetching)
        for index, fetching in plan.fetching:
            self._sources.check(index, fetching)

    def expect(self) -> None:
        """Take what was pushed so far for known, and say where more is awaited: an index may have nothing until something comes."""
        self._held = self._holdings()
        for taking in self._plan().pushing:
            text = f"documents of {taking.source} are pushed to {taking.url}, signed with {taking.key_file}"
            self._tell(taking.index, text, Tone.STEP)

    async def follow(self, changed: Callable[[], None]) -> None:
        """Look for ever; `changed` is called when other documents are there."""
        pause = POLL
        while True:
            await asyncio.sleep(pause)
            try:
                if await self.look():
                    changed()
                pause = POLL
            except LocalError as error:
                self._tell("sources", f"cannot be fetched: {error}", Tone.BAD)
                pause = RETRY

    async def look(self) -> bool:
        """Fetch what is due; whether there are other documents than at the last look.

        Raises:
            LocalError: nothing can be fetched at all.
        """
        fetched = await self._sources.bring(self._plan().fetching)
        return self._is_pushed() or fetched

    def _is_pushed(self) -> bool:
        """Whether something came since the last look. It waits while a version is being built: who pushes faster than that takes would
        never see one end.
        """
        if not all(ingestion.settled.is_set() for ingestion in self._ingestions.values()):
            return False
        before, self._held = self._held, self._holdings()
        return before != self._held

    def _holdings(self) -> object:
        return [self._pushed.digests(each.index, (each.source,)) for each in self._plan().pushing]
