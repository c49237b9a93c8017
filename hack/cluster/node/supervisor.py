"""Keeping the node's processes alive, as process 1 of their namespaces: start, restart with back-off, reap."""

import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from hack.cluster.node.components import Component

_FIRST_DELAY = 0.5
_LONGEST_DELAY = 10.0
_POLL_SECONDS = 0.1


@dataclass
class _Child:
    component: Component
    pid: int = 0
    restarts: int = -1
    due: float = field(default=0.0)

    @property
    def delay(self) -> float:
        """Seconds before the next start: none at first, then doubling."""
        return min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** max(0, self.restarts))


class Supervisor:
    """Starts components and keeps a JSON file of what runs."""

    def __init__(self, logs: Path, report: Path) -> None:
        """Write logs into the one folder and the report to the other path."""
        self._logs = logs
        self._report = report
        self._children: list[_Child] = []

    def start(self, components: list[Component]) -> None:
        """Start these components now."""
        fresh = [_Child(component) for component in components]
        self._children += fresh
        for child in fresh:
            self._spawn(child)
        self._write()

    def run(self) -> None:
        """Reap what ends, foreign orphans included, and start components again; returns never."""
        while True:
            self.step()
            time.sleep(_POLL_SECONDS)

    def step(self) -> None:
        """Reap once and restart what is due."""
        changed = False
        while (pid := _reap()) != 0:
            for child in self._children:
                if child.pid == pid:
                    child.pid, child.due = 0, time.monotonic() + child.delay
                    changed = True
        for child in self._children:
            if child.pid == 0 and time.monotonic() >= child.due:
                self._spawn(child)
                changed = True
        if changed:
            self._write()

    def _spawn(self, child: _Child) -> None:
        log = self._logs / f"{child.component.name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(child.component.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        child.pid, child.restarts = process.pid, child.restarts + 1
        # The supervisor reaps every child itself: tell Popen not to look for one that is gone.
        process.returncode = 0

    def _write(self) -> None:
        state = {
            child.component.name: {"running": child.pid != 0, "restarts": child.restarts} for child in self._children
        }
        partial = self._report.with_suffix(".partial")
        partial.write_text(json.dumps(state))
        partial.replace(self._report)


def _reap() -> int:
    try:
        pid, _ = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 0
    return pid
