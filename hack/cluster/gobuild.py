"""Compiling the cluster's programs from the Go module proxy into the cache.

The first build takes minutes; every later call finds the key in the cache and returns at once.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hack.cluster.cache import binaries, cache_root, locked, relink
from hack.cluster.errors import BuildError, PreflightError
from hack.cluster.processes import tail
from hack.cluster.programs import Group
from hack.cluster.progress import say

# Object files of a cold build, the module cache and the binaries take about 6 GB.
_NEEDED_BYTES = 7 * 1024**3
# A compiler alone leaves cores idle: dependencies make it wait, and so does the linker.
_SPARE_COMPILERS = 1


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
        _check_machine()
        for group in missing:
            _build_group(group)
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
    if _complete(group):
        return
    names = ", ".join(group.packages)
    began = time.monotonic()
    say(f"building {names} (minutes when nothing is cached)")
    _compile(group)
    say(f"built {names} in {time.monotonic() - began:.0f} s")


def _compile(group: Group) -> None:
    """Compile all programs of the group at once, so that one is linked while another is compiled."""
    log = group.output.with_suffix(".log")
    with _scratch(group) as scratch, log.open("w") as output:
        target = scratch if len(group.packages) > 1 else scratch / next(iter(group.packages))
        # CGO off gives static programs that do not care which libc the machine has. Compilers live for a second or two:
        # a tenth of their work would be to collect garbage that ends with them.
        environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off", "GOGC": "400"}
        packages = group.packages.values()
        at_once = str((os.cpu_count() or 1) + _SPARE_COMPILERS)
        command = ["nice", "-n", "10", "go", "build", "-p", at_once, *group.flags, "-o", str(target), *packages]
        done = subprocess.run(command, cwd=group.folder, env=environment, stdout=output, stderr=output, check=False)
        if done.returncode != 0:
            raise BuildError(f"go build {' '.join(packages)} failed; its last lines ({log}):\n{tail(log)}")
        if len(packages) > 1:
            for name, package in group.packages.items():
                (scratch / executable_name(package)).rename(scratch / name)
        shutil.rmtree(group.output, ignore_errors=True)
        scratch.rename(group.output)


def executable_name(package: str) -> str:
    """Return what `go build` calls the program of this package: its last folder that is not a major version."""
    *_, parent, last = ("", *package.split("/"))
    return parent if re.fullmatch(r"v[2-9]\d*", last) else last


@contextmanager
def _scratch(group: Group) -> Iterator[Path]:
    """A folder beside the group's own, gone in the end unless it was renamed."""
    scratch = group.output.with_suffix(".partial")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _link(groups: list[Group]) -> None:
    for group in groups:
        for program in group.packages:
            relink(binaries() / program, group.output / program)
