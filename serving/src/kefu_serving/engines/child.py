"""Runs one child process for as long as it lives: its lines are handed on, stop signals end it."""

import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from threading import Timer
from types import FrameType

KILL_AFTER_SECONDS = 3.0
"""How long a child may take to obey SIGTERM before SIGKILL."""


def run_child(
    command: Sequence[str], on_line: Callable[[str], None], environment: Mapping[str, str] | None = None
) -> int | None:
    """Run `command`, hand each line of its output to `on_line`, and return its exit status once it has ended.

    It gets `environment` instead of this process's own where one is given. SIGTERM and SIGINT to this process end the child;
    None says that they did. A negative status is the number of the signal that killed it, as in `subprocess`. Must be
    called from the main thread.
    """
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment
    )
    stopping: list[Timer] = []

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if not stopping:
            child.terminate()
            stopping.append(Timer(KILL_AFTER_SECONDS, child.kill))
            stopping[0].start()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with child:  # waits for its end and closes the pipe
            assert child.stdout is not None  # noqa: S101 - PIPE was asked for
            try:
                for line in child.stdout:
                    on_line(line.decode("utf-8", "replace").rstrip())
            except BaseException:
                child.kill()  # nobody would be left to stop it
                raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for timer in stopping:
            timer.cancel()
    return None if stopping else child.returncode
