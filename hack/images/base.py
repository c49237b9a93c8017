"""The base image without a registry: a minimal Debian with its Python, by mmdebstrap.

The package list lies in `base/packages.txt`, what is done to the tree afterwards in `base/customize.sh`.
"""

import os
from pathlib import Path

from hack.cluster.cache import cache_root
from hack.images.catalog import FOLDER
from hack.images.debian import SUITE
from hack.images.errors import MissingInput
from hack.images.keys import tree_key
from hack.images.tools import run

_SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))


def base_key() -> str:
    """Return the key of the base image: its recipe, not the day's state of the archive."""
    return tree_key([FOLDER / "base"], [SUITE])


def base_tree(archive: Path) -> None:
    """Write the root file system as a tar archive; needs root.

    Raises:
        MissingInput: not root, or not a Debian machine.
        BuildFailed: mmdebstrap failed.
    """
    sources = next((path for path in _SOURCES if path.exists()), None)
    if os.geteuid() != 0 or sources is None:
        raise MissingInput("the base image needs root on Debian; elsewhere set KEFU_IMAGES=docker to build with Docker")
    wanted = ",".join((FOLDER / "base" / "packages.txt").read_text().split())
    # The machine's own sources: a mirror named by hand may not be reachable from here.
    run(["mmdebstrap", "--variant=extract", f"--include={wanted}", "--extract-hook",
         str(FOLDER / "base" / "customize.sh"), SUITE, str(archive), str(sources)],
        environment=os.environ | {"TMPDIR": str(_scratch())})  # fmt: skip


def _scratch() -> Path:
    folder = cache_root() / "images" / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
