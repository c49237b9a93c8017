"""The command line of the development cluster: a thin front over the providers."""

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from hack.cluster.cache import binaries
from hack.cluster.errors import ClusterError, UsageError
from hack.cluster.gobuild import build
from hack.cluster.programs import groups_named
from hack.cluster.providers import PROVIDERS, Provider, choose

EXTRAS = ("metrics-server", "keda")
"""What a native node runs besides, where it is asked for."""

_EPILOG = f"""\
KEFU_CLUSTER chooses where the cluster runs ({", ".join(PROVIDERS)}; default native), KEFU_CACHE where built
programs are kept (default ~/.cache/kefu), KEFU_NODE where a native node keeps its state (default /var/lib/kefu-node).
The kind provider needs Docker and has not been exercised by this repository's own tests.
"""


def parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    top = argparse.ArgumentParser(prog="python3 -m hack.cluster", description=__doc__, epilog=_EPILOG)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start the cluster; does nothing when it already runs")
    up.add_argument("--with", dest="extras", action="append", default=[], metavar="NAME", choices=EXTRAS,
                    help=f"also run this (native only): {', '.join(EXTRAS)}")  # fmt: skip
    commands.add_parser("down", help="stop the cluster and remove all that it left on the machine")
    commands.add_parser("status", help="say what runs; exit 1 when something does not")
    commands.add_parser("env", help='print variables for the shell: eval "$(python3 -m hack.cluster env)"')
    execute = commands.add_parser("exec", help="run a command inside the node")
    execute.add_argument("words", nargs=argparse.REMAINDER, metavar="CMD")
    load = commands.add_parser("load", help="import image archives (docker-archive) into the node")
    load.add_argument("archives", nargs="+", type=Path, metavar="ARCHIVE")
    logs = commands.add_parser("logs", help="print the log of a component of the node; without a name, list them")
    logs.add_argument("component", nargs="?")
    compile_ = commands.add_parser("build", help="compile the cluster's programs into the cache, or find them there")
    compile_.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="a group or a program; repeatable"
    )
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status: 0 done, 1 failed (with a sentence that says what to do)."""
    options = parser().parse_args(arguments)
    try:
        return _run(options)
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    if options.command == "build":
        build(groups_named(options.only))
        print(binaries())
        return 0
    provider = choose(os.environ.get("KEFU_CLUSTER", "native"))
    return _ACTIONS[options.command](provider, options) or 0


def _up(provider: Provider, options: argparse.Namespace) -> None:
    provider.up(options.extras)


def _down(provider: Provider, _: argparse.Namespace) -> None:
    provider.down()


def _load(provider: Provider, options: argparse.Namespace) -> None:
    absent = [str(archive) for archive in options.archives if not archive.is_file()]
    if absent:
        raise UsageError(f"no such image archive: {', '.join(absent)}; build them with: python3 -m hack.images build")
    provider.load([archive.resolve() for archive in options.archives])


def _env(provider: Provider, _: argparse.Namespace) -> None:
    for name, value in environment(provider.environment()).items():
        print(f"export {name}={shlex.quote(value)}")


def _status(provider: Provider, _: argparse.Namespace) -> int:
    parts = provider.status()
    for part in parts:
        print(f"{part.name:<26} {'running' if part.running else 'stopped':<8} {part.detail}".rstrip())
    return 0 if all(part.running for part in parts) else 1


def _exec(provider: Provider, options: argparse.Namespace) -> int:
    words = [word for index, word in enumerate(options.words) if (index, word) != (0, "--")]
    return subprocess.run(provider.command(words or ["/bin/bash"]), check=False).returncode


def _logs(provider: Provider, options: argparse.Namespace) -> None:
    print(provider.logs(options.component))


_ACTIONS: dict[str, Callable[[Provider, argparse.Namespace], int | None]] = {
    "up": _up,
    "down": _down,
    "load": _load,
    "env": _env,
    "status": _status,
    "exec": _exec,
    "logs": _logs,
}


def environment(provided: dict[str, str]) -> dict[str, str]:
    """Return the variables that a shell needs, with the cache's programs first on PATH."""
    path = [entry for entry in os.environ.get("PATH", "").split(":") if entry and entry != str(binaries())]
    return provided | {"PATH": ":".join([str(binaries()), *path])}
