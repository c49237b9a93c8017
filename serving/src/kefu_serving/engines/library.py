"""Which build of llama.cpp serves: the wheel runs wherever there is AVX2, other builds need more of the CPU and read faster.

KEFU_ENGINE_BUILDS names a folder of builds. Each is a folder there that holds the package as it would be installed, and a
file `cpu-flags`: the names of proc(5)'s cpuinfo without which its first instructions would kill the process.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "KEFU_ENGINE_BUILDS"
PACKAGE = "xllamacpp"
FLAGS = "cpu-flags"
WHEEL = "wheel"
CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Build:
    """One build beside the wheel."""

    folder: Path
    flags: frozenset[str]
    """Of a CPU that can run it."""

    @property
    def name(self) -> str:
        """The name of its folder, which the log gives."""
        return self.folder.name

    def environment(self, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Variables of a process that is to import this build and no other."""
        path = [str(self.folder), *filter(None, [inherited.get("PYTHONPATH")])]
        return {**inherited, "PYTHONPATH": os.pathsep.join(path)}


def fitting_build(builds: Path | None, version: str, cpuinfo: Path = CPUINFO) -> Build | None:
    """Choose the build that makes the most of this CPU; None: the wheel is to serve.

    Args:
        builds: the folder of builds; one that is not there holds none.
        version: of the wheel. A build of another one is passed over, for the engine's settings are made for this one.
        cpuinfo: the kernel's description of the CPUs. It leaves out what the kernel or a hypervisor keeps from us.
    """
    if builds is None:
        return None
    have = cpu_flags(_read(cpuinfo))
    fitting = [build for build in _builds(builds, version) if build.flags <= have]
    return max(fitting, key=lambda build: (len(build.flags), build.name), default=None)


def builds_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Give the folder that the environment names; None where it names none."""
    named = environment.get(VARIABLE)
    return Path(named) if named else None


def cpu_flags(text: str) -> frozenset[str]:
    """Collect the flags that every CPU in the text has; none where the architecture has no such line."""
    lines = [line.partition(":") for line in text.splitlines()]
    found = [frozenset(value.split()) for name, _, value in lines if name.strip() == "flags"]
    return frozenset.intersection(*found) if found else frozenset()


def _builds(folder: Path, version: str) -> Iterator[Build]:
    for file in folder.glob(f"*/{FLAGS}"):
        flags = frozenset(_read(file).split())
        if flags and (file.parent / f"{PACKAGE}-{version}.dist-info").is_dir():
            yield Build(file.parent, flags)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
