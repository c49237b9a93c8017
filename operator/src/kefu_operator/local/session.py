"""One local instance at work: it plans, starts, follows the files and stops."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from kefu_api.manifests import Manifests
from kefu_operator.local import pins
from kefu_operator.local.arrivals import Arrivals
from kefu_operator.local.bundle import load, signature
from kefu_operator.local.console import Console
from kefu_operator.local.errors import LocalError
from kefu_operator.local.events import Tone
from kefu_operator.local.healing import Healer
from kefu_operator.local.ingestion import Ingestion, Memory
from kefu_operator.local.ingestions import Ingestions
from kefu_operator.local.instance import describe
from kefu_operator.local.jobs import Folders, Jobs
from kefu_operator.local.keeper import Tools
from kefu_operator.local.mounts import Contents, Mounts
from kefu_operator.local.options import ENGINE_BUILDS, RunOptions, cache, engine_builds
from kefu_operator.local.placement import LocalPlacement
from kefu_operator.local.plan import LocalPlan, ServedIndex, gateways
from kefu_operator.local.planner import Planned, Planner
from kefu_operator.local.ports import PortBook
from kefu_operator.local.probes import LoopbackProber
from kefu_operator.local.programs import resolve
from kefu_operator.local.pushed import Pushed
from kefu_operator.local.sources import Sources
from kefu_operator.local.state import INSTANCE, StateFolder
from kefu_operator.local.supervisor import Supervisor
from kefu_operator.local.warm import warm

POLL = 0.5
"""Seconds between looks at the user's files."""
RETRY = 30.0
"""Seconds until a change that failed for a passing reason is tried again."""
PUBLISHED = "published.json"
FETCHED = "fetched.json"


class Session:
    """Serves one bundle from one locked state folder."""

    def __init__(
        self,
        options: RunOptions,
        bundle: Manifests,
        seen: object,
        state: StateFolder,
        console: Console,
        environment: Mapping[str, str],
    ) -> None:
        """Plan the bundle.

        Args:
            options: the command line.
            bundle: what the files declare.
            seen: their signature from before they were read, so that no edit is missed.
            state: the locked state folder.
            console: where to tell what happens.
            environment: environment variables.

        Raises:
            LocalError: the bundle cannot be served here.
        """
        self._options = options
        self._state = state
        self._seen: object = (seen, pins.read(state))
        self._console = console
        models = cache(environment) / "models"
        self._dirty = asyncio.Event()
        self._stop = asyncio.Event()
        self._ready = False
        self._folders = Folders(state.path)
        self._mounts = Mounts(state.path, Contents({}, {}))
        self._memory = Memory(state.read(PUBLISHED), lambda known: state.keep(PUBLISHED, known))
        # Documents may come from a server of this very machine.
        extra_env = {"KEFU_FETCH_LOOPBACK": "1", ENGINE_BUILDS: engine_builds(environment)}
        self._jobs = Jobs(self._folders, self._mounts, extra_env)
        sources = Sources(
            self._jobs,
            self._folders,
            state.read(FETCHED),
            lambda known: state.keep(FETCHED, known),
            console.tell,
        )
        # The port stays with the chatbot that got it first: a renamed one must be able to start beside the old.
        placement = LocalPlacement(
            state=state.path,
            models=models,
            ports=PortBook(state.path / "ports.json"),
            public=gateways(bundle, options.port),
        )
        pushed = Pushed(placement)
        self._supervisor = Supervisor(
            Tools(
                folders=self._folders,
                mounts=self._mounts,
                jobs=self._jobs,
                placement=placement,
                prober=LoopbackProber(),
                tell=console.tell,
                changed=self._dirty.set,
                extra_env=extra_env,
            )
        )
        self._ingestions = Ingestions(self._ingestion, self._memory)
        self._healer = Healer(self._supervisor, self._ingestions, lambda: self.plan)
        self._arrivals = Arrivals(sources, pushed, self._ingestions, lambda: self.plan, console.tell)
        self._plan = Planner(options, environment, models, state, placement, self._memory, sources, pushed, extra_env)
        self._bundle = bundle
        self._planned = self._plan(bundle)

    @property
    def plan(self) -> LocalPlan:
        """What is being carried out."""
        return self._planned.plan

    def stop(self) -> None:
        """Ask the session to end; a second time: end every process at once."""
        if self._stop.is_set():
            self._kill()
        self._stop.set()

    async def run(self, ready: "asyncio.Future[LocalPlan]") -> None:
        """Serve until `stop`; `ready` is set once everything answers.

        Raises:
            LocalError: something that is needed could not be started.
        """
        describing = asyncio.create_task(self._describe())
        try:
            await self._until_stopped(self._start(ready))
            if not self._stop.is_set():
                await self._until_stopped(self._follow())
        finally:
            if self._stop.is_set():
                self._console.print("stopping …")
            await self._ingestions.stop()
            await self._supervisor.close()
            describing.cancel()
            await asyncio.gather(describing, return_exceptions=True)

    async def _until_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        task, stopped = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
        finally:
            task.cancel()
            stopped.cancel()
            await asyncio.gather(task, stopped, return_exceptions=True)

    async def _start(self, ready: "asyncio.Future[LocalPlan]") -> None:
        for workload in self.plan.workloads:
            resolve(workload.container.command)
        await self._fetch_first()
        self._arrivals.expect()
        await self._bring(self._planned, patient=False)
        healing = asyncio.create_task(self._healer.run())
        try:
            await asyncio.gather(
                self._ingestions.published(),
                self._supervisor.settled(),
                *(self._warm(index) for index in self.plan.indexes),
            )
        finally:
            healing.cancel()
            await asyncio.gather(healing, return_exceptions=True)
        self._ready = True
        self._write_instance()
        ready.set_result(self.plan)

    async def _fetch_first(self) -> None:
        """Bring the remote sources; the plan knows what they gave then.

        Raises:
            LocalError: one was never fetched, and cannot be now.
        """
        self._mounts.contents = self._planned.contents
        await self._arrivals.first()
        self._planned = self._plan(self._bundle)

    async def _warm(self, served: ServedIndex) -> None:
        keeper = self._supervisor.keeper(served.retrieval)
        if keeper:
            await keeper.settled()
            if not await warm(served.url, Path(served.token_file)):
                self._console.tell(served.retrieval, "is ready, but does not answer searches in time", Tone.WARNING)

    async def _follow(self) -> None:
        applying: asyncio.Task[None] | None = None
        healing = asyncio.create_task(self._healer.run())
        fetching = asyncio.create_task(self._arrivals.follow(self._look_anew))
        try:
            while True:
                await asyncio.sleep(POLL)
                for task in filter(None, (applying, healing, fetching)):
                    if task.done():
                        task.result()  # What nobody foresaw ends the session loudly.
                now = (signature(self._options.paths), pins.read(self._state))
                if now == self._seen:
                    continue
                self._seen = now
                if applying:
                    applying.cancel()
                    await asyncio.gather(applying, return_exceptions=True)
                applying = asyncio.create_task(self._change())
        finally:
            for task in filter(None, (applying, healing, fetching)):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def _look_anew(self) -> None:
        """Take what was seen of the files for nothing, so that the next look brings a change."""
        self._seen = None

    async def _change(self) -> None:
        """Bring a change of the files to work; what ran before goes on where that fails."""
        before = self._planned
        while True:
            try:
                fresh = self._plan(load(self._options.paths))
                self._console.tell("files", "changed", Tone.STEP)
                await self._bring(fresh, patient=True)
                for chatbot in fresh.plan.chatbots:
                    if chatbot.url not in {known.url for known in before.plan.chatbots}:
                        self._console.tell(chatbot.name, f"answers at {chatbot.url}", Tone.GOOD)
            except LocalError as error:
                self._planned = before
                self._console.tell("files", f"change not taken over: {error}", Tone.BAD)
                if not getattr(error, "temporary", False):
                    return
                await asyncio.sleep(RETRY)
            else:
                return

    async def _bring(self, planned: Planned, *, patient: bool) -> None:
        self._mounts.contents = planned.contents
        self._planned = planned
        fresh = planned.plan
        await self._ingestions.want(fresh.wanted, {index.name for index in fresh.indexes})
        await self._supervisor.apply(fresh.workloads, patient=patient)
        self._dirty.set()

    def _ingestion(self, index: str) -> Ingestion:
        return Ingestion(
            index,
            jobs=self._jobs,
            folders=self._folders,
            memory=self._memory,
            store_ready=lambda: self._store_ready(index),
            tell=self._console.tell,
            changed=self._dirty.set,
        )

    async def _store_ready(self, index: str) -> None:
        store = next((served.store for served in self.plan.indexes if served.name == index), None)
        while store:
            keeper = self._supervisor.keeper(store)
            if keeper:
                await keeper.settled()
                return
            await asyncio.sleep(POLL / 5)

    async def _describe(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            self._write_instance()
            await asyncio.sleep(POLL / 5)

    def _write_instance(self) -> None:
        content = describe(
            self.plan, self._supervisor.keepers, self._ingestions.values(), self._memory, ready=self._ready
        )
        self._state.keep(INSTANCE, content)

    def _kill(self) -> None:
        pids = [keeper.pid for keeper in self._supervisor.keepers]
        pids += [ingestion.pid for ingestion in self._ingestions.values()]
        for pid in filter(None, pids):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
