"""Real Milvus servers for tests: Milvus Lite's server, and Milvus standalone 2.3.5 from a virtual environment of its own."""

import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from hack.ports import free_port, is_bindable, listens

STANDALONE = ("milvus==2.3.5", "pymilvus<2.4", "setuptools<80", "marshmallow<4")
STANDALONE_PORTS = (2379, 2380)
"""Milvus standalone's own etcd; it cannot be told to use others. A cluster's etcd holds them too."""
STANDALONE_HEALTH_PORT = 9091
"""Or the next one that its launcher finds free: for a minute after a server's end, the kernel keeps the last one's."""
STANDALONE_ENVIRONMENT = {
    "COMMON_GRACEFULTIME": "300",
    "INDEXCOORD_SCHEDULER_INTERVAL": "100",
    "PROXY_TIMETICKINTERVAL": "50",
    "QUERYCOORD_CHECKINTERVAL": "100",
    "QUERYCOORD_CHECKCHANNELINTERVAL": "100",
    "QUERYCOORD_CHECKINDEXINTERVAL": "100",
    "QUERYCOORD_CHECKSEGMENTINTERVAL": "100",
    "QUERYCOORD_DISTPULLINTERVAL": "100",
}
"""Milliseconds: how stale a bounded read may be, for which sealing waits, and the rounds of the coordinators, for which all else
does. With the server's own settings each collection takes twice as long.
"""
READY_SECONDS = 120.0


@dataclass
class Server:
    """A server process that can be killed and started again on the same data."""

    command: list[str]
    port: int
    log: Path
    health: str | None = None
    process: subprocess.Popen[bytes] | None = None
    environment: Mapping[str, str] | None = None
    """Variables besides those of this process."""

    @property
    def uri(self) -> str:
        """For pymilvus."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it listens (and says that it is healthy)."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **(self.environment or {})},
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"{self.command[0]} did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill the process and its children at once, as a lost node would."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """Stop the process where it is: connections stay open, and nothing answers."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def _ready(self) -> bool:
        try:
            if self.health is not None:
                with urllib.request.urlopen(self.health, timeout=2) as answer:
                    return bool(answer.status == 200)
            with socket.create_connection(("127.0.0.1", self.port), timeout=2):
                return True
        except (OSError, urllib.error.URLError):
            return False


@contextmanager
def milvus_lite(folder: Path) -> Iterator[Server]:
    """Milvus Lite's server on a free port, with its data in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    program = Path(sys.executable).parent / "milvus-lite"
    command = [str(program), "server", "--data-dir", str(folder / "data"), "--host", "127.0.0.1", "--port", str(port)]
    server = Server(command, port, folder / "milvus-lite.log")
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def embedded_milvus(folder: Path, token: str) -> Iterator[Server]:
    """Milvus Lite as an index runs it, behind its guard; the token lies in `folder`/token."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "token").write_text(token)
    port = free_port()
    command = [sys.executable, "-m", "kefu_retrieval.embedded", "--data-dir", str(folder / "data")]
    command += ["--token", str(folder / "token"), "--host", "127.0.0.1", "--port", str(port)]
    server = Server(command, port, folder / "milvus-lite.log")
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def milvus_standalone(folder: Path, *options: str) -> Iterator[Server]:
    """Milvus standalone 2.3.5; one a machine at a time (its inner ports are fixed), so others wait for the lock."""
    cache = _cache() / "tests"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "milvus-standalone.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        binary = _standalone_environment(cache) / "bin" / "milvus-server"
        folder.mkdir(parents=True, exist_ok=True)
        _wait_for_free(STANDALONE_PORTS)
        port, health = free_port(), f"http://127.0.0.1:{_bindable(STANDALONE_HEALTH_PORT)}/healthz"
        command = [str(binary), "--data", str(folder / "data"), "--proxy-port", str(port), *options]
        server = Server(command, port, folder / "milvus.log", health, environment=STANDALONE_ENVIRONMENT)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def _wait_for_free(ports: Sequence[int]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    for port in ports:
        while listens(port):
            assert time.monotonic() < deadline, f"port {port} is in use; Milvus standalone needs it: stop what holds it"
            time.sleep(1)


def _bindable(port: int) -> int:
    """The first port from this one on that can be bound, as Milvus's launcher looks for it."""
    return next(each for each in count(port) if is_bindable(each))


def _standalone_environment(cache: Path) -> Path:
    """A virtual environment with the Milvus binary, made once and named by what is in it."""
    key = hashlib.sha256("\n".join(STANDALONE).encode()).hexdigest()[:16]
    environment = cache / f"milvus-{key}"
    if (environment / "bin" / "milvus-server").exists():
        return environment
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert uv is not None, "uv is not on the PATH; install it to test against Milvus standalone"
    building = cache / f"milvus-{key}.building"
    shutil.rmtree(building, ignore_errors=True)
    subprocess.run([uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, str(building)], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", str(building / "bin" / "python"), *STANDALONE]
    subprocess.run(install, check=True)
    building.rename(environment)
    return environment


def _cache() -> Path:
    return Path(os.environ.get("KEFU_CACHE") or Path.home() / ".cache" / "kefu")
