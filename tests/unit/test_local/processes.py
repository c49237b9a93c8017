"""Real small processes as workloads, and the tools that keep them, with sleeps that tests can count."""

import asyncio
import functools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kefu_operator.local.events import Tone
from kefu_operator.local.jobs import Folders, Jobs
from kefu_operator.local.keeper import Tools
from kefu_operator.local.mounts import Contents, Mounts
from kefu_operator.local.probes import LoopbackProber, Prober
from kefu_operator.plan.workload import Compute, Container, Mount, Port, Probe, Workload
from tests.unit.test_local.objects import placement

PORT = Port("http", 80)
SERVE = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
print("serving", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Told:
    """What was told, with the tones."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, Tone]] = []

    def __call__(self, subject: str, text: str, tone: Tone) -> None:
        self.lines.append((subject, text, tone))

    def has(self, fragment: str) -> bool:
        return any(fragment in text for _, text, _ in self.lines)


class Sleeps:
    """Sleeps that last an instant and are remembered."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        await asyncio.sleep(min(seconds, 0.02))


class Answers:
    """A prober whose answers the test decides."""

    def __init__(self, problem: str | None = None) -> None:
        self.problem = problem

    async def ask(self, port: int, path: str | None, seconds: float) -> str | None:
        return self.problem


# One for each state folder, so that servers and their probes agree on ports.
_placement = functools.cache(placement)


def tools(
    state: Path,
    *,
    told: Told | None = None,
    sleep: Sleeps | None = None,
    prober: Prober | None = None,
    now: Callable[[], float] | None = None,
) -> Tools:
    folders, mounts = Folders(state), Mounts(state, Contents({}, {}))
    return Tools(
        folders=folders,
        mounts=mounts,
        jobs=Jobs(folders, mounts, {}),
        placement=_placement(state),
        prober=prober or LoopbackProber(),
        tell=told or Told(),
        sleep=sleep or Sleeps(),
        now=now or time.monotonic,
    )


def container(*command: str, name: str = "server", mounts: tuple[Mount, ...] = (), **probes: Probe) -> Container:
    return Container(
        name=name,
        image="operator",
        command=command,
        compute=Compute("1m", "1Mi"),
        mounts=mounts,
        ports=(PORT,),
        startup=probes.get("startup"),
        readiness=probes.get("readiness"),
        liveness=probes.get("liveness"),
    )


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *arguments)


def server(state: Path, name: str = "web", *, mounts: tuple[Mount, ...] = (), marker: str = "") -> Workload:
    number = _placement(state).listen(name, PORT)
    probe = Probe("http", "/", period_seconds=1)
    built = container(*python(SERVE, str(number), marker), mounts=mounts, readiness=probe, liveness=probe)
    return Workload(name=name, component="test", container=built, grace_seconds=2)


def alive(pid: int | None) -> bool:
    """Whether a process runs; zombies do not."""
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for a condition; generous, because the machine may be busy."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is about other processes
            await asyncio.sleep(0.02)
