"""What was said before: from the session store, or from the client when it keeps the conversation itself."""

import logging
from typing import Protocol

from kefu_serving.errors import SessionStoreAway
from kefu_serving.metrics import Metrics
from kefu_serving.sessions.handoffs import Recalled
from kefu_serving.sessions.store import SessionStore
from kefu_serving.turn.state import Turn

log = logging.getLogger(__name__)


class Desk(Protocol):
    """Knows besides who has the conversation. Raises SessionStoreAway."""

    async def recall(self, owner: str, session: str) -> Recalled:
        """What is remembered, and whether a person has the conversation."""
        ...


class Remember:
    """Loads the history; without the store the turn goes on without memory, and says so."""

    def __init__(self, store: SessionStore, window: int, metrics: Metrics, desk: Desk | None = None) -> None:
        """`desk`: None where no conversation is handed over."""
        self._store = store
        self._desk = desk
        self._window = window
        self._metrics = metrics

    async def run(self, turn: Turn) -> None:
        """Sets `history` and `with_person`, and `memory` to False when the store is away."""
        if turn.asked.history is not None:
            turn.history = turn.asked.history[-self._window :] if self._window else ()
            return
        if turn.new_session:
            return
        try:
            if self._desk:
                turn.history, turn.with_person = await self._desk.recall(turn.asked.owner, turn.session)
            else:
                turn.history = await self._store.load(turn.asked.owner, turn.session)
        except SessionStoreAway as error:
            turn.memory = False
            self._metrics.session_error("load")
            log.warning("answering without memory", extra={"fields": {"turn": turn.id, "reason": str(error)}})
