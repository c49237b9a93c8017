"""`kefu run` as a real process, with what tests need to look at it from outside."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hack.ports import free_port

from kefu_api.wire.chat import ChatResponse
from kefu_operator.cli.gateway import Gateway
from kefu_operator.local.leash import die_with

PATIENCE = 300.0
"""Seconds that anything may take; generous, because the machine may be busy."""


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)


class Instance:
    """A running `kefu run`."""

    def __init__(self, folder: Path, state: Path, port: int, log: Path, env: Mapping[str, str]) -> None:
        self.state = state
        self.port = port
        self._log = log
        command = [sys.executable, "-m", "kefu_operator.cli", "run", str(folder)]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, "--port", str(port), "--state", str(state)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | dict(env),
                preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - takes no lock
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    @property
    def content(self) -> dict[str, Any]:
        try:
            value: dict[str, Any] = json.loads((self.state / "instance.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return value

    def ready(self) -> "Instance":
        def settled() -> bool:
            assert self.process.poll() is None, self.output
            # The last line of what it prints when it serves, which comes after the state file.
            return bool(self.content.get("ready")) and "Ctrl-C" in self.output

        until(settled, "kefu run is ready")
        return self

    def settled(self) -> bool:
        """Whether the wanted version is published, and nothing is being built."""
        index = self.content["indexes"][0]
        published = (index["published"] or {}).get("version")
        return published == index["wanted"] and not index["problem"] and index["ingestionPid"] is None

    def ended(self) -> int:
        return self.process.wait(PATIENCE)

    def workload(self, component: str) -> dict[str, Any]:
        return next(entry for entry in self.content["workloads"] if entry["component"] == component)

    def pids(self) -> dict[str, int]:
        return {entry["name"]: entry["pid"] for entry in self.content["workloads"]}

    def gateway(self) -> Gateway:
        chatbot = self.content["chatbots"][0]
        return Gateway(chatbot["url"], Path(chatbot["key_file"]).read_text())

    def ask(self, question: str) -> ChatResponse:
        *_, last = self.gateway().ask(question)
        assert isinstance(last, ChatResponse)
        return last

    def ports(self) -> list[int]:
        return [self.port, *json.loads((self.state / "ports.json").read_text()).values()]

    def processes(self) -> list[str]:
        """Command lines of all processes that work in the state folder, zombies aside."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                works_in = (folder / "cwd").readlink()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if works_in.is_relative_to(self.state) and int(folder.name) != self.process.pid:
                found.append(command)
        return found

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def running(folder: Path, state: Path, *, env: Mapping[str, str] | None = None) -> Iterator[Instance]:
    """`kefu run` of a folder, stopped on leaving."""
    instance = Instance(folder, state, free_port(), state.with_suffix(".out"), env or {})
    try:
        yield instance
    finally:
        instance.stop()


def copied(source: Path, folder: Path) -> Path:
    shutil.copytree(source, folder)
    return folder


def seconds_shown(output: str) -> list[float]:
    """The seconds at the head of each event's line."""
    return [float(found) for found in re.findall(r"^ *([0-9.]+) s  ", output, flags=re.MULTILINE)]
