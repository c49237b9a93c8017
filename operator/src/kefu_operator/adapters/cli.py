"""The companion's command line, and its loop."""

import argparse
import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp
from pydantic import ValidationError

from kefu_api.documents.adapters import Adapters, AdapterSource
from kefu_operator.adapters.engine import SECONDS, Engine
from kefu_operator.adapters.loader import Loader
from kefu_operator.adapters.told import State
from kefu_operator.fetch.access import hub_token, key_pair
from kefu_operator.fetch.bucket import Server
from kefu_operator.fetch.fetcher import HUB, Fetcher, Request

POLL_SECONDS = 3.0
"""Between looks at document and engine: how long an engine that was started anew is without its adapters."""


class Companion:
    """Fetches with what the environment says, and prints what has changed."""

    def __init__(self, document: Path, into: Path, env: Mapping[str, str]) -> None:
        self._document, self._into, self._env = document, into, env
        self._told: State | None = None

    def wanted(self) -> Adapters | None:
        """The document; None where it cannot be read, as in the moment before it is mounted."""
        try:
            return Adapters.model_validate_json(self._document.read_text())
        except (OSError, ValidationError):
            return None

    async def fetch(self, source: AdapterSource) -> str:
        """Bring one adapter; gives its folder. Raises FetchError."""
        server = source.server and Server(
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
        fetched = await fetcher.fetch(Request(source.uri, self._into / source.name, source.revision))
        return str(fetched.path)

    def tell(self, state: State) -> None:
        """Print a state that is another than the last."""
        if state != self._told:
            self._told = state
            print(state.line(), flush=True)  # noqa: T201 - what the operator reads


async def run(companion: Companion, url: str, poll: float = POLL_SECONDS) -> None:
    """Follow the document until cancelled."""
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        loader = Loader(companion.fetch, Engine(session, url), companion.tell)
        while True:
            if wanted := companion.wanted():
                await loader.step(wanted)
            await asyncio.sleep(poll)


def main(argv: Sequence[str] | None = None, env: Mapping[str, str] = os.environ) -> int:
    """Run until told to end."""
    parser = argparse.ArgumentParser("python -m kefu_operator.adapters", description=run.__doc__)
    parser.add_argument("--document", required=True, type=Path, help="which adapters are wanted")
    parser.add_argument("--into", required=True, type=Path, metavar="DIR", help="folder to fetch to")
    parser.add_argument("--engine", required=True, metavar="URL", help="base URL of the vLLM beside it")
    arguments = parser.parse_args(argv)
    try:
        asyncio.run(run(Companion(arguments.document, arguments.into, env), arguments.engine))
    except KeyboardInterrupt:
        return 130
    return 0
