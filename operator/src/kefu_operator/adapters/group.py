"""Engines of several pods: each of them reads an adapter from its own disk, so all must have it before the leader is asked to load it.

A worker's companion fetches as the leader's does and tells what it has; the leader's asks all of them each time, and remembers
nothing, so that a worker that was made anew counts with what it has, not with what its predecessor had.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import aiohttp
from aiohttp import web

from kefu_operator.adapters.loader import ElsewhereFailed, NotYet, Server
from kefu_operator.adapters.told import FETCHED, State, parse
from kefu_operator.fetch.reasons import MODEL_CHECKSUM_MISMATCH
from kefu_operator.fetch.records import Records

PORT = 8002
"""Where a worker's companion answers."""
SECONDS = 5.0
"""Longest time for a worker's answer."""
MAX_BYTES = 64 * 2**10
"""Of an answer; what is longer is none of ours."""

CHANGED = (
    "has other files, since the source changed between two downloads: name a commit as its revision, or another folder"
)


def path_of(leader: str, number: int) -> str:
    """Where a worker answers: with its group and its number, since an address that it had may be another pod's now."""
    return f"/adapters/{leader}/{number}"


def workers(leader: str, count: int, port: int = PORT) -> tuple[str, ...]:
    """URLs of a leader's workers, which are called as their leader is, with their number behind.

    Source: lws.sigs.k8s.io, "Labels, annotations and environment variables"; our own StatefulSets give the same names.
    """
    pod, dot, domain = leader.partition(".")
    return tuple(f"http://{pod}-{each}{dot}{domain}:{port}{path_of(leader, each)}" for each in range(1, count + 1))


class Shelf:
    """What a worker's companion has in an engine's place: adapters that lie on this pod's disk."""

    def __init__(self) -> None:
        self.contents: dict[str, str] = {}
        """What each holds, as `Records.content` says."""

    async def loaded(self) -> frozenset[str]:
        """The adapters that it has."""
        return frozenset(self.contents)

    async def load(self, name: str, path: str) -> None:
        """Count one as there."""
        self.contents[name] = Records(Path(path)).content()

    async def unload(self, name: str) -> None:
        """Count it as there no more."""
        self.contents.pop(name, None)


class Board:
    """What a worker has now, for its leader."""

    def __init__(self, leader: str, number: int) -> None:
        self.state = State()
        self._path = path_of(leader, number)

    def app(self) -> web.Application:
        """The server; it knows one path, and reads no body."""
        app = web.Application()
        app.router.add_get(self._path, self._tell)
        return app

    async def _tell(self, request: web.Request) -> web.Response:
        return web.Response(text=self.state.line(FETCHED), content_type="application/json")


class GroupEngine:
    """The engine of a leader, which is asked to load what all of its workers have fetched."""

    def __init__(self, engine: Server, session: aiohttp.ClientSession, urls: Sequence[str]) -> None:
        """Take the leader's own engine, a session that keeps neither connections nor addresses, and the workers' URLs in order."""
        self._engine, self._session, self._urls = engine, session, tuple(urls)

    async def loaded(self) -> frozenset[str]:
        """The adapters that it has; raises EngineAway."""
        return await self._engine.loaded()

    async def load(self, name: str, path: str) -> None:
        """Load one; raises what `Engine.load` does.

        Raises:
            ElsewhereFailed: a worker cannot fetch it, or has other files.
            NotYet: workers have not fetched it, or do not answer.
        """
        states = dict(enumerate(await asyncio.gather(*map(self._ask, self._urls)), 1))
        for number, state in states.items():
            if state and name in state.failed:
                reason, message = state.failed[name]
                raise ElsewhereFailed(reason, f"pod {number} of the group: {message}")
        missing = [number for number, state in states.items() if state is None or name not in state.loaded]
        if missing:
            raise NotYet(missing)
        content = Records(Path(path)).content()
        for number, state in states.items():
            # The parts of one layer would come from two adapters, and nobody would notice.
            if state and state.contents.get(name, "") != content:
                raise ElsewhereFailed(MODEL_CHECKSUM_MISMATCH, f"pod {number} of the group {CHANGED}")
        await self._engine.load(name, path)

    async def unload(self, name: str) -> None:
        """Unload one; raises EngineAway."""
        await self._engine.unload(name)

    async def _ask(self, url: str) -> State | None:
        """What a worker has; None where it does not answer, or not as ours do."""
        try:
            async with self._session.get(url, allow_redirects=False) as response:
                if response.status != 200:
                    return None
                try:
                    text = await response.content.readexactly(MAX_BYTES + 1)
                except asyncio.IncompleteReadError as whole:
                    text = whole.partial
        except (aiohttp.ClientError, TimeoutError):
            return None
        return parse(text.decode(errors="replace"), FETCHED) if len(text) <= MAX_BYTES else None
