"""Starting, watching and ending processes, the same way for the light control plane and for the node."""

import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from hack.cluster.errors import StartError

_TAIL_LINES = 15
_OUTLIVING: list[subprocess.Popen[bytes]] = []


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """Return the last lines of a log, or a remark that it is empty."""
    if not log.exists():
        return f"({log} was never written)"
    text = log.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(text) or f"({log} is empty)"


def outlive(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Let a child go on after us: hold on to its handle, whose disposal would be warned of while the child runs."""
    _OUTLIVING.append(process)
    return process


class Process:
    """One child with its output in a log file."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        """Start the command at once; it dies with the starting process where the kernel can promise that."""
        self.name = name
        self.log = log
        # The promise hangs on the thread that forks, so only the main thread may ask for it.
        guard = ["setpriv", "--pdeathsig", "KILL"] if threading.current_thread() is threading.main_thread() else []
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                [*guard, *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    def ended(self) -> int | None:
        """Return the exit status, or None while it runs."""
        return self._child.poll()

    def stop(self, seconds: float = 10.0) -> None:
        """Ask it to end, and end it after that many seconds."""
        if self._child.poll() is None:
            self._child.terminate()
        try:
            self._child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def wait_until(ready: Callable[[], bool], processes: list[Process], seconds: float, what: str) -> None:
    """Poll until ready.

    Raises:
        StartError: one of the processes ended, or the time is over.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        for process in processes:
            status = process.ended()
            if status is not None:
                raise StartError(f"{process.name} ended with status {status}; {process.log} ends:\n{tail(process.log)}")
        if time.monotonic() > deadline:
            log = processes[-1].log
            raise StartError(f"{what} was not ready within {seconds:.0f} s; {log} ends:\n{tail(log)}")
        time.sleep(0.05)
