"""TCP ports for servers that cannot choose one themselves, and whether a port is in use."""

import errno
import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

FIRST, BLOCK, BLOCKS = 22_000, 100, 40
"""Below what Linux gives to outgoing connections (from 32,768), and apart from what `kefu run` takes (from 26,000)."""


def free_port() -> int:
    """A TCP port that nobody listens on, and that no other process of ours, nor any connection, is given.

    Each process has blocks of ports to itself until it ends, so what is found free stays free until a server binds it.

    Raises:
        OSError: all ports of all blocks are in use.
    """
    return next(_ports(os.getpid()))


@lru_cache(maxsize=1)
def _ports(process: int) -> Iterator[int]:
    """Free ports, without end; by process, since a child after a fork has its parent's memory and not its blocks."""
    return _endless([])


def _endless(blocks: list[int]) -> Iterator[int]:
    while True:
        given = 0
        for block in blocks:
            for port in range(block, block + BLOCK):
                if is_bindable(port):
                    given += 1
                    yield port
        if given < BLOCK // 2:
            blocks.append(_claim())


def _claim() -> int:
    """The first port of a block that no other process holds; ours until this process ends."""
    folder = Path(tempfile.gettempdir()) / f"kefu-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for first in range(FIRST, FIRST + BLOCK * BLOCKS, BLOCK):
        lock = os.open(folder / str(first), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return first
    raise OSError(errno.EADDRINUSE, f"no port from {FIRST} to {FIRST + BLOCK * BLOCKS - 1} is free")


def is_bindable(port: int) -> bool:
    """Whether any server could bind the port of 127.0.0.1 now, also one that does not ask for addresses of ended connections."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0
