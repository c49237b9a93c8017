"""A turn from top to bottom. Authentication comes before it, at the edge; reporting comes after it, always."""

import secrets
from collections.abc import Sequence

from kefu_serving.metrics import Metrics
from kefu_serving.tracing import Tracing
from kefu_serving.turn.record import Report
from kefu_serving.turn.stage import Stage
from kefu_serving.turn.state import Asked, Sink, Turn


def new_session() -> str:
    """The id of a conversation that begins."""
    return secrets.token_urlsafe(16)


class Announce:
    """Tells the customer's end that the question was accepted."""

    async def run(self, turn: Turn) -> None:
        """Begins the sink."""
        await turn.sink.begin(turn)


class Conversation:
    """Walks a turn through its stages."""

    def __init__(self, stages: Sequence[Stage], report: Report, tracing: Tracing, metrics: Metrics) -> None:
        self._stages = tuple(stages)
        self._report = report
        self._tracing = tracing
        self._metrics = metrics

    async def turn(self, asked: Asked, sink: Sink) -> Turn:
        """The finished turn. Raises RequestError before the sink has begun, EngineError after it."""
        turn = Turn(
            asked=asked,
            sink=sink,
            id=secrets.token_hex(8),
            session=asked.session or new_session(),
            new_session=asked.new_session or asked.session is None,
        )
        failure: BaseException | None = None
        with self._metrics.in_flight(), self._tracing.turn(asked.headers, asked.channel) as span:
            span.set_attribute("kefu.release", self._metrics.release)
            span.set_attribute("kefu.variant", asked.variant)
            try:
                for stage in self._stages:
                    await stage.run(turn)
                    if turn.over:
                        break
            except BaseException as error:
                failure = error
                raise
            finally:
                span.set_attribute("kefu.outcome", turn.outcome.value if turn.outcome else "none")
                self._report.note(turn, failure)
        return turn
