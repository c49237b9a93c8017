"""Compiling the package xllamacpp from its source, for CPUs that can do more than its wheel asks of them.

The source comes from the package index by the lock that the wheel comes by, so that both have one version and are held
against the same list of SHA-256. The first build takes minutes; every later call finds the key in the cache.
"""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from hack.cluster.apt import install
from hack.cluster.cache import cache_root, digest, locked, relink
from hack.cluster.errors import BuildError, PreflightError
from hack.cluster.processes import tail
from hack.cluster.progress import say
from hack.engines.variant import CMAKE_ARGS, CPU_FLAGS, NAME
from hack.images.tools import uv

PACKAGE = "xllamacpp"
FLAGS = "cpu-flags"
"""Beside the package: what `kefu_serving.engines.library` reads."""
_REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
LOCK = _REQUIREMENTS / "llamacpp.txt"
TOOLS = _REQUIREMENTS / "llamacpp-build.txt"
"""Python packages of the build itself; without a lock the newest would come."""
_COMPILER = "g++"
_SCRATCH = ".partial-"
_NOT_PASSED = ("CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "HF_TOKEN")
"""Compiler settings of the shell are not in the key, and might make a library for this machine alone."""


def current() -> Path:
    """Return the folder of the builds made last, whether there are any or not: what KEFU_ENGINE_BUILDS is to name."""
    return cache_root() / "engines" / "current"


def kept() -> Path | None:
    """Return the folder of builds where the cache has it; never compiles."""
    if platform.machine() != "x86_64" or shutil.which(_COMPILER) is None:
        return None
    folder = _folder()
    return folder if folder.exists() else None


def build() -> Path:
    """Compile unless the cache has it, let `current` lead there, and return the folder of builds.

    Raises:
        PreflightError: another processor than x86-64; or no compiler, and not root on Debian to install it.
        BuildError: the source could not be had or compiled; the text ends with the last lines of the log.
        MissingInput: there is no uv.
    """
    if platform.machine() != "x86_64":
        raise PreflightError(f"the build for newer CPUs is for x86-64, and this is {platform.machine()}")
    with locked("engines"):
        # With the compiler there, a build that is kept needs none of the other programs.
        if shutil.which(_COMPILER) is None or not _folder().exists():
            install(_programs())
        folder = _folder()
        if not folder.exists():
            _make(folder)
        relink(current(), folder)
    return folder


def _programs() -> dict[str, str]:
    header = Path(sysconfig.get_path("include")) / "Python.h"
    return {_COMPILER: _COMPILER, "cmake": "cmake", "ninja-build": "ninja", "python3-dev": str(header)}


def recipe() -> str:
    """Return the key of what is compiled, and how; of the machine's compiler it knows nothing."""
    return digest(_inputs())


def _inputs() -> list[bytes]:
    return [LOCK.read_bytes(), TOOLS.read_bytes(), " ".join((NAME, *CMAKE_ARGS, *CPU_FLAGS)).encode()]


def _folder() -> Path:
    compiler = subprocess.run([_COMPILER, "--version"], capture_output=True, check=True).stdout.splitlines()[0]
    return cache_root() / "engines" / digest([*_inputs(), compiler])


def _make(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f"{_SCRATCH}*"):  # by one that was killed; nobody else builds meanwhile
        shutil.rmtree(left)
    log = folder.with_suffix(".log")
    log.unlink(missing_ok=True)
    began = time.monotonic()
    say(f"compiling llama.cpp as {NAME} (minutes when nothing is cached)")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=_SCRATCH) as scratch:
        made = Path(scratch) / "builds"
        _compile(Path(scratch), made / NAME, log)
        (made / NAME / FLAGS).write_text("\n".join(CPU_FLAGS) + "\n")
        made.rename(folder)
    say(f"compiled llama.cpp in {time.monotonic() - began:.0f} s")


def _compile(scratch: Path, target: Path, log: Path) -> None:
    python = scratch / "venv" / "bin" / "python"
    pip = [uv(), "pip", "install", "--python", str(python), "--require-hashes"]
    _run([uv(), "venv", "--python", sys.executable, str(scratch / "venv")], scratch, log)
    _run([*pip, "--requirement", str(TOOLS)], scratch, log)
    # uv keeps what it builds by the source alone: its cache would hand over another variant.
    _run(
        [*pip, "--no-cache", "--no-build-isolation", "--no-binary", PACKAGE, "--target", str(target),
         "--requirement", str(LOCK)],
        scratch, log,
    )  # fmt: skip
    for library in target.glob(f"{PACKAGE}/*.so"):
        _run(["strip", "--strip-unneeded", str(library)], scratch, log)
    (target / ".lock").unlink(missing_ok=True)


def _run(command: list[str], scratch: Path, log: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED} | {
        "CMAKE_ARGS": " ".join(CMAKE_ARGS),
        "CMAKE_GENERATOR": "Ninja",
        "NPROC": str(os.cpu_count() or 1),
        "TMPDIR": str(scratch),
        "XLLAMACPP_RELEASE": "1",
    }
    with log.open("a") as output:
        done = subprocess.run(
            ["nice", "-n", "10", *command], env=environment, stdout=output, stderr=output, check=False
        )
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command[:3])} failed; its last lines ({log}):\n{tail(log)}")
