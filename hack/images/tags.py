"""Tags of the images that hold an engine: what is in them, and not which version of Kefu they came with.

An image of another name ends the pods of every engine that runs it, and they load for minutes. So a tag is the engine's own
version, as its lock pins it, and a hash of whatever else the image is made of: an upgrade of Kefu that brings the same image
replaces nothing. The chart holds the tags in a file, which `make tags` writes and `make lint` compares.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from hack.images.base import base_key
from hack.images.catalog import FOLDER, IMAGES, ROOT, Image
from hack.images.engine import DOCKER_BASE
from hack.images.errors import MissingInput, OutOfDate
from hack.images.keys import tree_key
from hack.images.site import LIBC, PYTHON
from hack.images.trim import lists

FILE = ROOT / "charts" / "kefu" / "files" / "engine-images.yaml"
_DIGITS = 8
_HEAD = """\
# Tags of the images that hold an engine: its version, and a hash of what else they are made of. Written by `make tags`.
"""


def tag(image: Image) -> str:
    """Return the tag of an engine's image: the same on every machine and with every builder.

    Raises:
        MissingInput: no lock of the image pins its engine.
    """
    inputs = [
        *image.locks,
        *lists(FOLDER / image.name),
        image.containerfile,
        FOLDER / "packages" / "Containerfile",
        *(ROOT / source for source in image.sources),
    ]
    key = tree_key(inputs, [base_key(), DOCKER_BASE, PYTHON, LIBC, image.made_by()])
    return f"{_version(image)}-{key[:_DIGITS]}"


def write(file: Path = FILE, images: Iterable[Image] = IMAGES) -> None:
    """Write the chart's file."""
    file.write_text(_text(images))


def check(file: Path = FILE, images: Iterable[Image] = IMAGES) -> None:
    """Compare the chart's file with what the checkout's sources lead to.

    Raises:
        OutOfDate: they differ.
    """
    if not file.exists() or file.read_text() != _text(images):
        raise OutOfDate(f"{file} is out of date, for the image of an engine is made of something else; run: make tags")


def _text(images: Iterable[Image]) -> str:
    return _HEAD + "".join(f'{image.name}: "{tag(image)}"\n' for image in images if image.engine)


def _version(image: Image) -> str:
    pin = re.compile(rf"^{re.escape(image.engine)}==([\w.-]+)", re.MULTILINE)
    for lock in image.locks:
        if found := pin.search(lock.read_text()):
            return found[1]
    raise MissingInput(f"no lock of the image {image.name} pins {image.engine}; write it with: make lock")
