"""Whether the pod may be asked: not before its engine, begun or begun anew, has the adapters that it was told of.

Others share the engine, so an adapter that failed is waited for no longer, and none for long. Once the pod may be asked, an adapter that
comes later closes nothing while the same engine runs: the pod may be the only one.
"""

import asyncio
import json
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from kefu_api.documents.adapters import Adapters
from kefu_operator.adapters.engine import EngineAway, EngineGone
from kefu_operator.adapters.loader import Server
from kefu_operator.adapters.told import State

WAIT_SECONDS = 300.0
"""Longest time from an engine's first answer: a download may be large or hang, and others wait too."""
ASK_SECONDS = 3.0
"""Longest time for the engine's answer, which the kubelet waits for."""


class Gate:
    """An engine as its loader sees it, which remembers what it had.

    What it had stands in a file too. A companion that was started anew alone finds it and closes nothing; where the engine was as
    well, it has not what the file says.
    """

    def __init__(
        self,
        engine: Server,
        file: Path,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = ASK_SECONDS,
    ) -> None:
        self._engine, self._file, self._clock, self._seconds = engine, file, clock, seconds
        self._had = _read(file)
        """Adapters of the engine when it was last seen; None while the gate is closed."""
        self._since: float | None = None
        """When the engine, the gate being closed, answered first."""
        self._failed: Collection[str] = ()

    async def loaded(self) -> frozenset[str]:
        """The adapters that the engine has; raises EngineAway."""
        try:
            return await self._engine.loaded()
        except EngineGone:
            self._close()
            raise

    async def load(self, name: str, path: str) -> None:
        """Load one; raises what the engine's does."""
        await self._engine.load(name, path)

    async def unload(self, name: str) -> None:
        """Unload one; raises EngineAway."""
        if self._had is not None:
            self._had -= {name}
        await self._engine.unload(name)

    def hear(self, state: State) -> None:
        """Take over which adapters failed."""
        self._failed = frozenset(state.failed)

    async def obstacle(self, wanted: Adapters | None) -> str:
        """Why the pod is not to be asked; empty where it may be.

        Args:
            wanted: what the companion is told; None while it is told nothing.
        """
        try:
            async with asyncio.timeout(self._seconds):
                loaded = await self.loaded()
        except (EngineAway, TimeoutError) as error:
            # One that is busy has what it had.
            return "" if self._had is not None else str(error) or "the engine does not answer"
        names = frozenset(each.name for each in wanted.adapters) if wanted else None
        if self._had is not None and names and not names & self._had <= loaded:
            self._close()
        if self._had is None and (waits := self._waits(names, loaded)):
            return waits
        self._open(loaded)
        return ""

    def _waits(self, names: frozenset[str] | None, loaded: frozenset[str]) -> str:
        if self._since is None:
            self._since = self._clock()
        if self._clock() - self._since >= WAIT_SECONDS:
            return ""
        if names is None:
            return "it is not told which adapters are wanted"
        missing = names - loaded - frozenset(self._failed)
        return f"not loaded yet: {', '.join(sorted(missing))}" if missing else ""

    def _open(self, has: frozenset[str]) -> None:
        if has == self._had:
            return
        self._had = has
        # What cannot be written is missed only where the companion is started anew.
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            new = self._file.with_suffix(".new")
            new.write_text(json.dumps(sorted(has)))
            new.replace(self._file)

    def _close(self) -> None:
        self._had = self._since = None
        with suppress(OSError):
            self._file.unlink(missing_ok=True)


def _read(file: Path) -> frozenset[str] | None:
    try:
        names = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return frozenset(map(str, names)) if isinstance(names, list) else None
