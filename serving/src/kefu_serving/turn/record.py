"""What remains of a turn: the conversation in the session store, figures in the metrics, one line in the log."""

import logging
import time

from kefu_api.wire.chat import Outcome
from kefu_serving.errors import EngineError, GatewayError, SessionStoreAway
from kefu_serving.logs import hashed
from kefu_serving.metrics import Metrics
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.sessions.store import SessionStore
from kefu_serving.tracing import Tracing
from kefu_serving.turn.state import Turn

log = logging.getLogger(__name__)


class Record:
    """Keeps a finished turn in the session, so that the next question can refer to it."""

    def __init__(self, store: SessionStore, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics

    async def run(self, turn: Turn) -> None:
        """Appends the exchange; `memory` turns False when the store is away."""
        if turn.asked.history is not None or turn.outcome is Outcome.UNAVAILABLE:
            return
        try:
            await self._store.append(turn.asked.owner, turn.session, Exchange(turn.question, turn.answer))
        except SessionStoreAway as error:
            turn.memory = False
            self._metrics.session_error("append")
            log.warning("turn not remembered", extra={"fields": {"turn": turn.id, "reason": str(error)}})


class Report:
    """Counts and logs a turn, however it ended; never the question, the answer, a key or a raw user id."""

    def __init__(self, metrics: Metrics, tracing: Tracing, salt: bytes) -> None:
        self._metrics = metrics
        self._tracing = tracing
        self._salt = salt

    def note(self, turn: Turn, error: BaseException | None) -> None:
        """Called once a turn, last."""
        seconds = time.perf_counter() - turn.started
        outcome = _outcome(turn, error)
        code = error.code if isinstance(error, GatewayError) else turn.code
        self._metrics.turn(turn, outcome, seconds)
        if isinstance(error, EngineError):
            self._metrics.upstream_error(error.code, str(error))
        fields = {
            "request_id": turn.asked.request_id,
            "trace_id": self._tracing.trace_id(),
            "turn": turn.id,
            "session": hashed(turn.session, self._salt),
            "user": hashed(turn.asked.user, self._salt),
            "key": turn.asked.owner,
            "channel": turn.asked.channel,
            "language": turn.language,
            "outcome": outcome,
            "code": code,
            "reason": str(error)[:300] if isinstance(error, GatewayError) else None,
            "release": self._metrics.release,
            "variant": turn.asked.variant,
            "index_version": turn.evidence.version if turn.evidence else None,
            "confidence": round(turn.evidence.confidence, 3) if turn.evidence else None,
            "memory": turn.memory,
            "held": turn.held or None,
            "seconds": round(seconds, 3),
            "first_token_seconds": round(turn.first_token, 3) if turn.first_token is not None else None,
            "prompt_tokens": turn.prompt_tokens,
            "completion_tokens": turn.completion_tokens,
        }
        log.info("turn", extra={"fields": {name: value for name, value in fields.items() if value is not None}})


def _outcome(turn: Turn, error: BaseException | None) -> str:
    if error is None and turn.outcome is not None:
        return turn.outcome.value
    if isinstance(error, GatewayError):
        return "refused" if error.status < 500 else "failed"
    return "failed" if isinstance(error, Exception) else "cancelled"
