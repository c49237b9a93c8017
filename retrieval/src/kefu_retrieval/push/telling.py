"""Telling what is held, in the log: the operator may read that, and needs no way into the pod."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from kefu_api.documents.push import Holding, Holdings

PAUSE = 1.0
"""Seconds between two looks at whether there is something to tell."""

log = logging.getLogger(__name__)


class Teller:
    """Tells it after whatever was logged, so that it is the newest line again."""

    def __init__(self, holding: Callable[[], Mapping[str, Holding | None]]) -> None:
        self._holding = holding
        self._pending = True

    def happened(self) -> None:
        """Something was logged, or has changed."""
        self._pending = True

    async def run(self, pause: float = PAUSE) -> None:
        """Tell until cancelled; the first time after a pause, when the server has said that it is up."""
        while True:
            await asyncio.sleep(pause)
            if self._pending:
                self._pending = False
                held = {name: each for name, each in self._holding().items() if each}
                told = Holdings(sources=held)
                log.info(told.message, extra={"sources": told.model_dump(mode="json", by_alias=True)["sources"]})
