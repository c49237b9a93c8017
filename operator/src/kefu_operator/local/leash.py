"""Tying a child process to its parent's life, so that nothing survives even when the parent is killed outright."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
# Resolved before any fork: between fork and exec nothing may take a lock that another thread could hold.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with(parent: int) -> Callable[[], None]:
    """A `preexec_fn`: the kernel kills the child when the thread that started it dies. Linux only (prctl(2)).

    Args:
        parent: process id of the caller.
    """

    def leash() -> None:
        if _LIBC is None:
            return
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # It died before the leash was on.
            os._exit(1)

    return leash
