"""`python -m hack.models`: fetch, find, verify and serve the models of development."""

import argparse
import sys
from pathlib import Path

from aiohttp import web

from hack.models import snapshots
from hack.models.errors import ModelsError, StoreDamaged
from hack.models.mirror import Mirror
from hack.models.sources import Sources
from hack.models.table import Model, find, load_table, models_root
from kefu_operator.fetch.checksum import hash_file
from kefu_operator.fetch.disk import readable, translated
from kefu_operator.fetch.errors import FetchError


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 done, 1 failed with a sentence that says what to do, 2 usage."""
    options = _parser().parse_args(argv)
    table, root = load_table(), models_root()
    try:
        with translated(root):
            _run(options, table, root)
    except (ModelsError, FetchError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m hack.models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="show the table, and what is on this machine")
    fetch = commands.add_parser("fetch", help="bring models to the store")
    fetch.add_argument("names", nargs="+", metavar="NAME")
    path = commands.add_parser("path", help="print where a fetched model lies")
    path.add_argument("names", nargs=1, metavar="NAME")
    verify = commands.add_parser("verify", help="compare stored models with their digests")
    verify.add_argument("names", nargs="*", metavar="NAME")
    convert = commands.add_parser("convert", help="make a bfloat16 folder of a GGUF model, for vLLM")
    convert.add_argument("names", nargs=1, metavar="NAME")
    commands.add_parser("tiny", help="make a random model that loads in seconds, for vLLM")
    serve = commands.add_parser("serve", help="serve the store as a model hub would (set HF_ENDPOINT to it)")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8090)
    return parser


def _run(options: argparse.Namespace, table: dict[str, Model], root: Path) -> None:
    if options.command == "list":
        return _list(table, root)
    if options.command == "serve":
        return _serve(options.host, options.port, table, root)
    if options.command == "tiny":
        return print(snapshots.tiny(root))
    models = [find(table, name) for name in options.names]
    if options.command == "fetch":
        sources = Sources(root, lambda line: print(line, flush=True))
        for model in models:
            sources.fetch(model)
    elif options.command == "convert":
        print(snapshots.convert(models[0], root))
    elif options.command == "path":
        print(models[0].require(root))
    else:
        _verify(models or [model for model in table.values() if model.path(root).exists()], root)
    return None


def _list(table: dict[str, Model], root: Path) -> None:
    for model in table.values():
        state = "here" if model.path(root).is_file() else "absent"
        print(f"{model.name:20} {readable(model.size):>10}  {state:6}  {model.licence:38} {model.about}")


def _verify(models: list[Model], root: Path) -> None:
    for model in models:
        path = model.require(root)
        actual = hash_file(path).hexdigest()
        if actual != model.sha256:
            raise StoreDamaged(
                f"{path} has SHA-256 {actual}, not {model.sha256}: delete it and fetch {model.name} again"
            )
        print(f"{model.name}: {actual} as it should be")


def _serve(host: str, port: int, table: dict[str, Model], root: Path) -> None:
    mirror = Mirror(root, table)
    names = ", ".join(mirror.repositories()) or "nothing yet"
    print(f"HF_ENDPOINT=http://{host}:{port} KEFU_ALLOW_HTTP=1 serves {names}", flush=True)
    try:
        web.run_app(mirror.app(), host=host, port=port, print=None, access_log=None)
    except OSError as error:
        raise ModelsError(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error


if __name__ == "__main__":
    sys.exit(main())
