"""Command line: `python -m kefu_api.crd write|check|docs`."""

import argparse
import sys
from pathlib import Path

from kefu_api.crd.files import difference, wanted, write
from kefu_api.crd.reference import reference
from kefu_api.errors import GenerationError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 1 where files differ or cannot be generated."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except GenerationError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1


def _run(options: argparse.Namespace) -> int:
    if options.command == "docs":
        _report(write({options.page: reference()}))
        return 0
    texts = wanted(options.folder, options.page)
    if options.command == "write":
        _report(write(texts))
        return 0
    found = difference(texts)
    sys.stdout.write(found)
    if found:
        print("error: generated files differ from the models; run make crds", file=sys.stderr)  # noqa: T201
    return 1 if found else 0


def _report(changed: list[Path]) -> None:
    for path in changed:
        print(f"wrote {path}")  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kefu_api.crd", description="Publish the models of the kinds.")
    parser.add_argument("command", choices=("write", "check", "docs"), help="write all, compare all, or write the page")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("crds"), help="folder of the CRDs (default: crds)")
    parser.add_argument("--page", type=Path, default=Path("docs/reference/api.md"), help="the reference page")
    return parser


if __name__ == "__main__":
    sys.exit(main())
