"""One vLLM as the plan starts it: its life, its log, its figures, and what it takes of the GPU."""

import os
import re
import signal
import subprocess
import threading
import time
import urllib.request
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

BASE = "http://127.0.0.1:8000"
ADDED = ("--load-format", "dummy")
"""To the planned command: no weights could be carried here."""
TAIL = 6000

_NUMBER = r"([\d.,]+)"
LOGGED = {
    "weightsGiB": rf"Model loading took {_NUMBER} GiB",
    "loadSeconds": rf"Model loading took {_NUMBER} GiB.* and {_NUMBER} seconds",
    "cacheGiB": rf"Available KV cache memory: {_NUMBER} GiB",
    "cacheTokens": rf"GPU KV cache size: {_NUMBER} tokens",
    "graphGiB": rf"Graph capturing finished in .* took {_NUMBER} GiB",
    "graphSeconds": rf"Graph capturing finished in {_NUMBER} sec",
    "estimatedGraphGiB": rf"Estimated CUDA graph memory: {_NUMBER} GiB",
    "activationsGiB": rf"{_NUMBER} GiB for peak activation",
    "outsideGiB": rf"{_NUMBER} GiB for non-torch memory",
    "freeAtStartGiB": rf"Free memory on device \({_NUMBER}/",
    "totalGiB": rf"Free memory on device \([\d.]+/{_NUMBER} GiB",
    "requestedGiB": rf"memory utilization is \([\d.]+, {_NUMBER} GiB",
    "compileSeconds": rf"torch\.compile (?:and initial profiling.*? )?took {_NUMBER} s",
    "initSeconds": rf"init engine .* took {_NUMBER} s",
}
"""What vLLM writes while it starts; the last group of each expression is the figure."""


class Failed(Exception):
    """The server ended, or did not begin to answer in time."""


def figures(text: str) -> dict[str, float]:
    """The sum of each series over its labels, as Kefu's own scripts take it."""
    found: defaultdict[str, float] = defaultdict(float)
    for line in text.splitlines():
        if line.startswith("vllm:"):
            found[line.partition("{")[0].split(" ")[0]] += float(line.split()[-1])
    return dict(found)


def get(path: str, seconds: float = 5) -> str:
    """The server's answer. Raises OSError."""
    with urllib.request.urlopen(BASE + path, timeout=seconds) as answer:
        text: bytes = answer.read()
        return text.decode()


def used() -> int:
    """MiB of the GPU that are taken, as nvidia-smi says; -1 where it says nothing."""
    asked = ("nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits")
    try:
        return int(subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True).stdout.split()[0])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return -1


class Server:
    """Runs from `with` until the block is left, and is then ended with all its processes."""

    def __init__(self, name: str, plan: dict[str, Any], log: Path, more: tuple[str, ...]) -> None:
        self.name, self.log = name, log
        self._command = (*plan["command"], *ADDED, *more)
        self._env = os.environ | plan["env"]
        self._start = 0
        self._out: IO[str] | None = None
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._out = self.log.open("a")
        self._out.write(f"\n##### {self.name}: {' '.join(self._command)}\n")
        self._out.flush()
        self._start = self.log.stat().st_size
        self.process = subprocess.Popen(
            self._command,
            env=self._env,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        process = self.process
        if process is None or self._out is None:
            return
        for sign, seconds in ((signal.SIGTERM, 15), (signal.SIGKILL, 10)):
            try:
                os.killpg(process.pid, sign)
                process.wait(seconds)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # parts that outlived their leader
        self._out.close()
        end = time.monotonic() + 15
        while used() > 2000 and time.monotonic() < end:
            time.sleep(0.5)

    def ready(self, seconds: float) -> float:
        """Seconds until `/health` answered.

        Raises:
            Failed: it ended, or the time is up.
        """
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            self.check()
            try:
                get("/health")
            except OSError:
                time.sleep(0.25)
            else:
                return time.monotonic() - begun
        raise Failed(f"no answer within {seconds:.0f} s")

    def check(self) -> None:
        """Raises Failed where it has ended."""
        if self.process and self.process.poll() is not None:
            raise Failed(f"ended with {self.process.returncode}")

    def text(self) -> str:
        """Its log so far."""
        with self.log.open("rb") as file:
            file.seek(self._start)
            return file.read().decode(errors="replace")

    def logged(self) -> dict[str, float]:
        """The figures of its log."""
        text = self.text()
        found = {}
        for name, expression in LOGGED.items():
            if matches := list(re.finditer(expression, text)):
                found[name] = float(matches[-1].groups()[-1].replace(",", "").rstrip("."))
        return found


class Watch:
    """Looks at the figures while the block runs, and keeps the greatest, and how often there was no answer."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names, self._done = names, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.most: dict[str, float] = {}
        self.memory = -1
        self.looks = self.missed = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.3):
            self.looks += 1
            try:
                found = figures(get("/metrics"))
            except OSError:
                self.missed += 1
                continue
            for name in self._names:
                self.most[name] = max(self.most.get(name, 0), found.get(name, 0))
            if self.looks % 5 == 1:
                self.memory = max(self.memory, used())
