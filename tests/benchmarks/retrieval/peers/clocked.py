"""Time inside pymilvus's searches, so that what stands around them can be told from them."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from pymilvus.client.grpc_handler import GrpcHandler  # type: ignore[import-untyped]

METHODS = ("search", "hybrid_search")


class Clocked:
    """Patches pymilvus in this process; spans are kept until they are taken."""

    def __init__(self) -> None:
        self._spans: list[tuple[float, float]] = []
        for name in METHODS:
            setattr(GrpcHandler, name, self._clocked(getattr(GrpcHandler, name)))

    def take(self) -> float:
        """Seconds that at least one search was under way since the last time; spans that overlap count once."""
        spans, self._spans = sorted(self._spans), []
        total, until = 0.0, 0.0
        for begin, end in spans:
            total += max(0.0, end - max(begin, until))
            until = max(until, end)
        return total

    def _clocked(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def timed(*positional: Any, **named: Any) -> Any:
            begin = time.perf_counter()
            try:
                return call(*positional, **named)
            finally:
                self._spans.append((begin, time.perf_counter()))

        return timed
