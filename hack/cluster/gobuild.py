"""Compiling the cluster's programs from the Go module proxy into the cache.

The first build takes minutes; every later call finds the key in the cache and returns at once.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

from hack.cluster.cache import binaries, cache_root, locked, relink
from hack.cluster.errors import BuildError, PreflightError
from hack.cluster.processes import tail
from hack.cluster.programs import Group
from hack.cluster.progress import say

# Object files of a cold build, the module cache and the binaries take about 6 GB.
_NEEDED_BYTES = 7 * 1024**3


def build(groups: list[Group]) -> None:
    """Compile what the cache lacks of these groups, and link all of it in `bin/current`.

    Raises:
        PreflightError: no Go toolchain, or too little disk.
        BuildError: the compiler failed; the text ends with its last lines.
    """
    missing = [group for group in groups if not _complete(group)]
    if not missing:
        _link(groups)
        return
    with locked("go-build"):
        for group in missing:
            if not _complete(group):
                _check_machine()
                _build_group(group)
            _link([group])
    _link(groups)


def missing(names: list[str]) -> list[str]:
    """Return those of the named programs that `bin/current` lacks."""
    return [name for name in names if not (binaries() / name).exists()]


def _complete(group: Group) -> bool:
    return all((group.output / program).exists() for program in group.packages)


def _check_machine() -> None:
    if shutil.which("go") is None:
        raise PreflightError("Go is not on PATH; install Go 1.26 or newer (https://go.dev/doc/install) and try again")
    cache_root().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache_root()).free
    if free < _NEEDED_BYTES:
        raise PreflightError(
            f"{cache_root()} has {free >> 20} MiB free and the build needs {_NEEDED_BYTES >> 20} MiB; "
            "free some space or point KEFU_CACHE at a larger disk"
        )


def _build_group(group: Group) -> None:
    group.output.mkdir(parents=True, exist_ok=True)
    for program, package in group.packages.items():
        if (group.output / program).exists():
            continue
        began = time.monotonic()
        say(f"building {program} (minutes when nothing is cached)")
        _compile(group, package, group.output / program)
        say(f"built {program} in {time.monotonic() - began:.0f} s")


def _compile(group: Group, package: str, target: Path) -> None:
    partial = target.with_name(f".{target.name}.partial")
    log = group.output / f"{target.name}.log"
    # CGO off gives static programs that do not care which libc the machine has.
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}
    command = ["nice", "-n", "10", "go", "build", *group.flags, "-o", str(partial), package]
    with log.open("w") as output:
        done = subprocess.run(command, cwd=group.folder, env=environment, stdout=output, stderr=output, check=False)
    if done.returncode != 0:
        raise BuildError(f"go build {package} failed; its last lines ({log}):\n{tail(log)}")
    partial.replace(target)


def _link(groups: list[Group]) -> None:
    for group in groups:
        for program in group.packages:
            relink(binaries() / program, group.output / program)
