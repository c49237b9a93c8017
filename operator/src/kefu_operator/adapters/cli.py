"""The companion's command line, and its loop: for an engine, or for a worker's disk alone."""

import argparse
import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
from aiohttp import web
from pydantic import ValidationError

from kefu_api.documents.adapters import Adapters, AdapterSource
from kefu_operator import adapters
from kefu_operator.adapters import group
from kefu_operator.adapters.engine import SECONDS, Engine
from kefu_operator.adapters.gate import Gate
from kefu_operator.adapters.group import Board, GroupEngine, Shelf
from kefu_operator.adapters.loader import Loader, Server
from kefu_operator.adapters.told import EVENT, FETCHED, State
from kefu_operator.fetch.access import hub_token, key_pair
from kefu_operator.fetch.bucket import Server as Bucket
from kefu_operator.fetch.fetcher import HUB, Fetcher, Request

TELL_SECONDS = 60.0
"""Until a state that has not changed is told again: another line may have come after it, or its log have been rotated away."""
POLL_SECONDS = 3.0
"""Between looks at document and engine: how long an engine that was started anew is without its adapters."""
OPENED = "opened.json"
"""Beside the adapters: what the engine had when the pod was last found fit to be asked."""


class Companion:
    """Fetches with what the environment says, and prints what has changed, and now and then what has not."""

    def __init__(
        self, document: Path, into: Path, env: Mapping[str, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._document, self.into, self._env = document, into, env
        self._clock = clock
        self._told: State | None = None
        self._told_at = 0.0

    def wanted(self) -> Adapters | None:
        """The document; None where it cannot be read, as in the moment before it is mounted."""
        try:
            return Adapters.model_validate_json(self._document.read_text())
        except (OSError, ValidationError):
            return None

    async def fetch(self, source: AdapterSource) -> str:
        """Bring one adapter; gives its folder. Raises FetchError."""
        server = source.server and Bucket(
            source.server.endpoint,
            source.server.region,
            key_pair(source.server.access_key_file, source.server.secret_key_file),
        )
        fetcher = Fetcher(
            self._env.get("HF_ENDPOINT") or HUB,
            hub_token(self._env),
            server or None,
            allow_http=self._env.get("KEFU_ALLOW_HTTP") == "1",
            emit=lambda event: None,
        )
        fetched = await fetcher.fetch(Request(source.uri, self.into / source.name, source.revision))
        return str(fetched.path)

    def tell(self, state: State, event: str = EVENT) -> None:
        """Print a state that is another than the last, or was told a while ago."""
        if state != self._told or self._clock() - self._told_at >= TELL_SECONDS:
            self._told, self._told_at = state, self._clock()
            print(state.line(event), flush=True)  # noqa: T201 - what the operator reads


async def lead(
    companion: Companion,
    url: str,
    workers: Sequence[str] = (),
    poll: float = POLL_SECONDS,
    readiness: tuple[str, int] | None = None,
) -> None:
    """Follow the document until cancelled.

    Args:
        companion: of the engine's pod.
        url: of the engine.
        workers: where those of its group answer.
        poll: seconds between looks.
        readiness: host and port at which the kubelet is told whether the pod may be asked; None: nobody asks.
    """
    # Of workers no address is remembered: those that are made anew have their names.
    fresh = aiohttp.TCPConnector(use_dns_cache=False, force_close=True)
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session,
        aiohttp.ClientSession(connector=fresh, timeout=aiohttp.ClientTimeout(total=group.SECONDS)) as others,
    ):
        engine: Server = Engine(session, url)
        if workers:
            engine = GroupEngine(engine, others, workers)
        gate = Gate(engine, companion.into / OPENED)

        def tell(state: State) -> None:
            gate.hear(state)
            companion.tell(state)

        async with _answering(_readiness(gate, companion), readiness):
            await _follow(companion, Loader(companion.fetch, gate, tell), poll)


async def work(
    companion: Companion, board: Board, host: str, port: int = group.PORT, poll: float = POLL_SECONDS
) -> None:
    """Follow the document until cancelled, for a pod whose part of an engine is told by its leader what to load."""

    shelf = Shelf()

    def tell(state: State) -> None:
        board.state = replace(state, contents=dict(shelf.contents))
        companion.tell(state, FETCHED)

    async with _answering(board.app(), (host, port)):
        await _follow(companion, Loader(companion.fetch, shelf, tell), poll)


def _readiness(gate: Gate, companion: Companion) -> web.Application:
    async def ask(request: web.Request) -> web.Response:
        obstacle = await gate.obstacle(companion.wanted())
        return web.Response(text=obstacle or "ready", status=503 if obstacle else 200)

    app = web.Application()
    app.router.add_get("/readyz", ask)
    return app


@asynccontextmanager
async def _answering(app: web.Application, at: tuple[str, int] | None) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        if at:
            await web.TCPSite(runner, *at).start()
        yield
    finally:
        await runner.cleanup()


async def _follow(companion: Companion, loader: Loader, poll: float) -> None:
    while True:
        if wanted := companion.wanted():
            await loader.step(wanted)
        await asyncio.sleep(poll)


def main(argv: Sequence[str] | None = None, env: Mapping[str, str] = os.environ) -> int:
    """Run until told to end."""
    arguments = _parser().parse_args(argv)
    companion = Companion(arguments.document, arguments.into, env)
    if arguments.engine:
        workers = group.workers(arguments.leader, arguments.workers, arguments.port) if arguments.workers else ()
        readiness = (arguments.host, arguments.readiness) if arguments.readiness else None
        running = lead(companion, arguments.engine, workers, readiness=readiness)
    else:
        running = work(companion, Board(arguments.leader, arguments.number), arguments.host, arguments.port)
    try:
        asyncio.run(running)
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m kefu_operator.adapters", description=adapters.__doc__)
    parser.add_argument("--document", required=True, type=Path, help="which adapters are wanted")
    parser.add_argument("--into", required=True, type=Path, metavar="DIR", help="folder to fetch to")
    part = parser.add_mutually_exclusive_group(required=True)
    part.add_argument("--engine", metavar="URL", help="base URL of the vLLM beside it")
    part.add_argument("--number", type=int, metavar="N", help="which worker of its group this is: it fetches alone")
    parser.add_argument("--leader", default="", metavar="HOST", help="host name of the group's leader")
    parser.add_argument("--workers", type=int, default=0, metavar="COUNT", help="of the leader's group")
    parser.add_argument("--host", default="127.0.0.1", help="where a worker answers its leader, and others the kubelet")
    parser.add_argument("--port", type=int, default=group.PORT, help="the port of a worker")
    parser.add_argument(
        "--readiness", type=int, metavar="PORT", help="where it says whether the engine's pod may be asked"
    )
    return parser
