"""The command line of the images."""

import argparse
import json
import os
import sys

from hack.cluster.errors import ClusterError
from hack.cluster.providers import choose
from hack.images.build import Built, build, describe
from hack.images.catalog import IMAGES, images_named
from hack.images.engine import choose_engine
from hack.images.errors import ImageError
from hack.images.tags import check, write

_EPILOG = """\
KEFU_IMAGES chooses the builder (buildah or docker; default buildah, docker for KEFU_CLUSTER=kind), KEFU_CACHE where
archives are kept (default ~/.cache/kefu). Images that are built only when named: {optional}.
"""


def parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    optional = ", ".join(image.name for image in IMAGES if image.optional)
    epilog = _EPILOG.format(optional=optional)
    top = argparse.ArgumentParser(prog="python3 -m hack.images", description=__doc__, epilog=epilog)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("build", "build images, or find them in the cache"),
        ("list", "print where the images are, built or not"),
        ("load", "build images and import them into the cluster"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("names", nargs="*", metavar="NAME", help="default: every image that is not optional")
        command.add_argument("--json", action="store_true", help="print {name: {ref, archive}}")
    tags = commands.add_parser("tags", help="write the tags of engines' images into the chart")
    tags.add_argument("--check", action="store_true", help="fail where they are not those that stand there")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status: 0 done, 1 failed (with a sentence that says what to do)."""
    options = parser().parse_args(arguments)
    try:
        if options.command == "tags":
            (check if options.check else write)()
            return 0
        images = images_named(options.names)
        engine = choose_engine()
        make = describe if options.command == "list" else build
        results = {image.name: make(image, engine) for image in images}
        if options.command == "load":
            provider = choose(os.environ.get("KEFU_CLUSTER", "native"))
            provider.load([built.archive for built in results.values()])
    except (ImageError, ClusterError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    _show(results, as_json=options.json)
    return 0


def _show(results: dict[str, Built], as_json: bool) -> None:
    if as_json:
        document = {name: {"ref": built.ref, "archive": str(built.archive)} for name, built in results.items()}
        print(json.dumps(document, indent=1))
        return
    for built in results.values():
        print(built.ref, built.archive, "" if built.archive.exists() else "(not built)")
