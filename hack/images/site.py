"""Python packages of an image, installed on the host for the image's Python, kept by the key of their lock."""

import os
import platform
import shutil
from pathlib import Path

from hack.cluster.cache import cache_root, locked
from hack.cluster.progress import say
from hack.images.catalog import FOLDER, ROOT, Image
from hack.images.errors import MissingInput
from hack.images.keys import tree_key
from hack.images.tools import run, uv
from hack.images.trim import recipe, trim

# The image's Python, not the host's: markers of the lock are judged for Debian 12's patch release and C library.
PYTHON = "3.11.2"
LIBC = "manylinux_2_36"


def site_key(image: Image) -> str:
    """Return the key of the image's Python packages: their lock, what they are installed for, and what is left out.

    Raises:
        MissingInput: the lock is not there.
    """
    if image.lock and not image.lock_path.exists():
        raise MissingInput(f"{image.lock} is missing; write it with: make lock")
    return tree_key([*image.locks, *recipe(FOLDER / image.name)], [PYTHON, LIBC, platform.machine()])


def site(image: Image) -> Path:
    """Return the folder with the image's Python packages, which is empty where it has none, installing them unless the cache holds them.

    Raises:
        BuildFailed: uv refused, and the text quotes it; or what should be left out is not there.
    """
    target = cache_root() / "images" / "site" / f"{image.name}-{site_key(image)}"
    with locked(f"site-{image.name}"):
        if not target.exists():
            say(f"{image.name}: installing Python packages")
            partial = target.with_name(f".{target.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            _install(image, partial)
            trim(FOLDER / image.name, partial)
            partial.rename(target)
    return target


def _install(image: Image, target: Path) -> None:
    if not image.lock:
        target.mkdir(parents=True)
        return
    common = [uv(), "pip", "install", "--quiet", "--target", str(target), "--python-version", PYTHON,
              "--python-platform", f"{platform.machine()}-{LIBC}"]  # fmt: skip
    quiet = os.environ | {"UV_COMPILE_BYTECODE": "0"}
    if image.apart:
        run([*common, "--no-deps", "--require-hashes", "--requirement", str(ROOT / image.apart)], environment=quiet)
    run([*common, "--require-hashes", "--requirement", str(image.lock_path)], environment=quiet)
    # Scripts of packages name the host's Python; images start modules.
    shutil.rmtree(target / "bin", ignore_errors=True)
    for lock in target.glob(".lock"):
        lock.unlink()
