"""What the demo needs of a machine, checked before anything is downloaded."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hack.demo.errors import NotFit
from kefu_operator.local.ports import LOOPBACK, is_free

MEMORY = 3 * 1024**3
"""Bytes for the model (2.1 GiB), the store, search and the gateway."""
DISK = 2 * 1024**3
"""Bytes for the state, and for the models where they are not fetched yet."""


def available_memory(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Memory that can be had without swapping, in bytes; None where the system does not say."""
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        return None
    found = next((line for line in lines if line.startswith("MemAvailable:")), None)
    return int(found.split()[1]) * 1024 if found else None


def free_disk(folder: Path) -> int:
    """Space left where a folder lies or will lie, in bytes."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return shutil.disk_usage(there).free


@dataclass(frozen=True)
class Preflight:
    """The checks, with the machine handed in."""

    memory: Callable[[], int | None] = available_memory
    disk: Callable[[Path], int] = free_disk
    port_free: Callable[[str, int], bool] = is_free

    def check(self, port: int, *folders: Path) -> None:
        """Check port, memory, and the disk of each folder.

        Raises:
            NotFit: something is missing; the text says what to do.
        """
        if not self.port_free(LOOPBACK, port):
            raise NotFit(
                f"port {port} is in use by another program: stop it, or choose another port: "
                f"python -m hack.demo local --port {port + 1}"
            )
        memory = self.memory()
        if memory is not None and memory < MEMORY:
            raise NotFit(f"{_gib(memory)} of memory are available and {_gib(MEMORY)} are needed: close something")
        for folder in folders:
            left = self.disk(folder.absolute())
            if left < DISK:
                raise NotFit(
                    f"{_gib(left)} are free on the disk of {folder} and {_gib(DISK)} are needed: free some space"
                )


def _gib(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB"
