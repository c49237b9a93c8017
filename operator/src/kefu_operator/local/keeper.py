"""Keeping one workload running: mounts, steps, process, probes, restarts. A kubelet for one pod."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

from kefu_operator.fetch.told import parse
from kefu_operator.local.backoff import Backoff
from kefu_operator.local.environment import environment
from kefu_operator.local.errors import LocalError, StepFailed
from kefu_operator.local.events import Tell, Tone
from kefu_operator.local.jobs import Folders, Jobs
from kefu_operator.local.mounts import Mounts
from kefu_operator.local.placement import LocalPlacement
from kefu_operator.local.probes import Prober
from kefu_operator.local.process import Process
from kefu_operator.local.programs import resolve
from kefu_operator.local.remedies import remedy
from kefu_operator.plan.engines.adapters import LOADER
from kefu_operator.plan.workload import Container, Probe, Workload

GRACE = 10.0
"""Longest time in seconds that a process gets to end; pods get their own grace time, a terminal does not wait so long."""
POLL = 0.2
"""Seconds between probes of a process that is starting."""

GIVE_UP = 5
"""Starts after which a process that never became ready is given up."""


class Phase(StrEnum):
    """How far a workload is."""

    PREPARING = "preparing"
    STARTING = "starting"
    READY = "ready"
    UNREADY = "not ready"
    RESTARTING = "restarting"
    FAILED = "failed"


@dataclass(frozen=True)
class Tools:
    """What keepers work with; clocks and probes are handed in."""

    folders: Folders
    mounts: Mounts
    jobs: Jobs
    placement: LocalPlacement
    prober: Prober
    tell: Tell
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    changed: Callable[[], None] = lambda: None
    """Called whenever a phase changes."""
    extra_env: dict[str, str] = field(default_factory=dict)


class Keeper:
    """One workload, kept running until `stop`."""

    def __init__(self, workload: Workload, tools: Tools) -> None:
        self.workload = workload
        self.phase = Phase.PREPARING
        self.pid: int | None = None
        self.restarts = 0
        self.detail = ""
        """What is wrong, when something is."""
        self.failure: LocalError | None = None
        """Why it was given up, in phase FAILED."""
        self._tools = tools
        self._log = tools.folders.log(workload.name)
        self._backoff = Backoff()
        self._settled = asyncio.Event()
        self._awaited = False
        self._task = asyncio.create_task(self._keep())

    async def settled(self) -> None:
        """Wait until the workload is ready once.

        Raises:
            LocalError: it was given up.
        """
        self._awaited = True
        await self._settled.wait()
        if self.failure:
            raise self.failure

    def refresh(self, workload: Workload) -> None:
        """Take over documents that changed, under the running process.

        Raises:
            InputInvalid: a mount names something that does not exist.
            DiskFull: there is no space left.
        """
        self.workload = workload
        self._tools.mounts.refresh(workload.container.mounts)

    async def stop(self) -> None:
        """End the process and stop keeping it."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _keep(self) -> None:
        try:
            await self._steps()
            while True:
                began = self._tools.now()
                ended = await self._run_once()
                delay = self._backoff.after(self._tools.now() - began)
                self.restarts += 1
                self._give_up_on_loop(ended)
                self._set(Phase.RESTARTING, ended)
                self._say(f"{ended}; starts again in {delay:g} s", Tone.WARNING)
                await self._tools.sleep(delay)
        except LocalError as error:
            self._fail(error)
        except OSError as error:
            self._fail(LocalError(f"{self.workload.name}: {error}"))

    def _fail(self, error: LocalError) -> None:
        self.failure = error
        self._set(Phase.FAILED, str(error))
        if not self._awaited:
            self._say(str(error), Tone.BAD)
        self._settled.set()

    def _give_up_on_loop(self, ended: str) -> None:
        """What never was ready and always ends will not get better by itself."""
        if self._settled.is_set() or self.restarts < GIVE_UP:
            return
        message = f"{self.workload.name} {ended}. It never became ready in {GIVE_UP} tries; see {self._log.file}"
        raise StepFailed("CrashLoop", message, temporary=False)

    async def _steps(self) -> None:
        for step in self.workload.steps:
            await self._step(step)

    async def _step(self, step: Container) -> None:
        name = self.workload.name

        def show(line: bytes) -> None:
            progress = parse(line)
            if progress:
                self._say(f"{step.name} {progress}", Tone.PASSING)

        try:
            await self._tools.jobs.run(step, workload=name, log=self._log, on_line=show)
        except StepFailed as error:
            message = f"{name}: {error}{remedy(error.reason, step.command)}"
            raise StepFailed(error.reason, message, temporary=error.temporary) from error

    async def _run_once(self) -> str:
        """Run the container until it ends or hangs; tells how it ended."""
        container, tools = self.workload.container, self._tools
        self._set(Phase.STARTING)
        tools.mounts.prepare(container.mounts)
        process = await Process.start(
            resolve(container.command),
            env=environment({**tools.extra_env, **container.env}, hub=container.name == LOADER),
            folder=tools.folders.work(self.workload.name),
            log=self._log,
        )
        self.pid = process.pid
        tools.changed()
        exited, watched = asyncio.create_task(process.wait()), asyncio.create_task(self._watch())
        try:
            await asyncio.wait((exited, watched), return_when=asyncio.FIRST_COMPLETED)
            return self._ended(exited.result()) if exited.done() else watched.result()
        finally:
            watched.cancel()
            exited.cancel()
            await process.stop(min(self.workload.grace_seconds, GRACE))
            await asyncio.gather(exited, watched, return_exceptions=True)
            self.pid = None

    def _ended(self, code: int) -> str:
        if code < 0:
            return f"was ended by signal {-code}"
        last = self._log.last_words()
        return f"ended with exit code {code}" + (f": {last}" if last else "")

    async def _watch(self) -> str:
        """Probe until the process counts as hung; tells why."""
        container, began = self.workload.container, self._tools.now()
        first = container.startup or container.readiness
        while first and await self._ask(first) is not None:
            if self._tools.now() - began > first.failures * first.period_seconds and container.startup:
                return f"did not start within {first.failures * first.period_seconds} s"
            await self._tools.sleep(POLL)
        alive = _Liveness(container.liveness, self._ask, self._tools.now)
        while not await alive.given_up():
            await self._check_ready()
            busy = self.phase is not Phase.READY
            await self._tools.sleep(POLL * 2 if busy else _period(container.readiness))
        return "did not answer any more"

    async def _check_ready(self) -> None:
        readiness = self.workload.container.readiness
        problem = await self._ask(readiness) if readiness else None
        if problem is None and self.phase is not Phase.READY:
            self._set(Phase.READY)
            self._say("ready", Tone.GOOD)
            self._settled.set()
        elif problem is not None:
            phase = Phase.UNREADY if self._settled.is_set() else Phase.STARTING
            self._set(phase, problem)

    async def _ask(self, probe: Probe) -> str | None:
        port = next(port for port in self.workload.container.ports if port.name == probe.port)
        number = self._tools.placement.listen(self.workload.name, port)
        return await self._tools.prober.ask(number, probe.path, probe.timeout_seconds)

    def _set(self, phase: Phase, detail: str = "") -> None:
        if (phase, detail) != (self.phase, self.detail):
            self.phase, self.detail = phase, detail
            self._tools.changed()

    def _say(self, text: str, tone: Tone) -> None:
        self._tools.tell(self.workload.name, text, tone)


class _Liveness:
    """Counts liveness probes that failed in a row, each in its period, however often it is asked."""

    def __init__(
        self, probe: Probe | None, ask: Callable[[Probe], Awaitable[str | None]], now: Callable[[], float]
    ) -> None:
        self._probe = probe
        self._ask = ask
        self._now = now
        self._due = now()
        self._failures = 0

    async def given_up(self) -> bool:
        """Whether the process counts as hung; probes when it is time to."""
        if self._probe is None or self._now() < self._due:
            return False
        self._due = self._now() + self._probe.period_seconds
        self._failures = self._failures + 1 if await self._ask(self._probe) is not None else 0
        return self._failures >= self._probe.failures


def _period(probe: Probe | None) -> float:
    return float(probe.period_seconds) if probe else 5.0
