"""Child processes that are measured: where they run, what they say, what they cost."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tests.benchmarks.errors import Unavailable
from tests.benchmarks.machine import ROOT

START_SECONDS = 60.0
STOP_SECONDS = 30.0
TICKS = os.sysconf("SC_CLK_TCK")
"""Resolution of a process's CPU time, in ticks a second."""

T = TypeVar("T")


@contextmanager
def on_cores(cores: frozenset[int]) -> Iterator[None]:
    """Keeps this thread, and the processes that it starts meanwhile, on the given cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Child:
    """A child process that writes to a file, so that nobody has to read it while it is measured."""

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._log = folder / f"{name}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT, env={**os.environ, **(environment or {})}
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def wait_for(self, found: Callable[[], T | None], seconds: float = START_SECONDS) -> T:
        """The first result of `found` that is not None; raises Unavailable when the process ends or takes too long."""
        deadline = time.monotonic() + seconds
        while (result := found()) is None:
            if self._process.poll() is not None:
                raise Unavailable(f"{self.name} ended with status {self._process.returncode}:\n{self._tail()}")
            if time.monotonic() > deadline:
                raise Unavailable(f"{self.name} was not ready within {seconds:g} s:\n{self._tail()}")
            time.sleep(0.05)
        return result

    def lines(self) -> list[str]:
        """What it has written so far, by whole lines."""
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return text.split("\n")[:-1]

    def cpu_seconds(self) -> float:
        """CPU time used so far by all its threads, in user and kernel mode (proc(5), fields 14 and 15 of stat)."""
        return _cpu_seconds(self.pid)

    def cpu_seconds_of_children(self) -> float:
        """The same of the processes that it started and that still run (proc(5), children)."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
        return sum(_cpu_seconds(int(child)) for child in listed.split())

    def resident_bytes(self) -> int:
        """Resident memory now (proc(5), field 2 of statm)."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        """Asks it to end, and insists when it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _tail(self) -> str:
        return "\n".join(self.lines()[-10:])


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
