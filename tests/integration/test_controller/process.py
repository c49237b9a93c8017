"""Operators as processes of their own, which can be killed and paused; each is known by its version in the audit log."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

from hack.ports import free_port
from hack.stack.writes import write_events

from tests.integration.test_controller.cluster import OPERATOR_USER, Cluster


def answer(port: int, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return str(response.read().decode())
    except (URLError, OSError):
        return ""


class OperatorProcess:
    """`python -m kefu_operator`, logging into a file."""

    def __init__(self, version: str, kubeconfig: Path, namespace: str, folder: Path, **settings: str) -> None:
        self.version = version
        self.port = free_port()
        self.log = folder / f"{version}.log"
        env = os.environ | {
            "KUBECONFIG": str(kubeconfig), "KEFU_PORT": str(self.port), "KEFU_HOST": "127.0.0.1",
            "KEFU_NAMESPACES": namespace, "KEFU_VERSION": version, **settings,
        }  # fmt: skip
        with self.log.open("w") as out:
            self._process = subprocess.Popen([sys.executable, "-m", "kefu_operator"], env=env, stdout=out, stderr=out)

    @property
    def ready(self) -> bool:
        return answer(self.port, "/readyz") == "ok"

    @property
    def leading(self) -> bool:
        return "kefu_operator_leading 1.0" in answer(self.port, "/metrics")

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(timeout=60)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def killed_at_the_end() -> Iterator[list[OperatorProcess]]:
    """A list to put processes on."""
    started: list[OperatorProcess] = []
    try:
        yield started
    finally:
        for process in started:
            process.kill()


def writes_by_version(cluster: Cluster, since: int) -> list[tuple[str, dict[str, Any]]]:
    """Who wrote what in the test's namespace, oldest first."""
    events = write_events(cluster.plane.audit_log, OPERATOR_USER, since)
    ours = [event for event in events if event["objectRef"].get("namespace") == cluster.namespace]
    ours.sort(key=lambda event: str(event["requestReceivedTimestamp"]))
    return [(event["userAgent"].removeprefix("kefu-operator/"), event) for event in ours]
