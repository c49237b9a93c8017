"""Counting the conversations of a day, over all replicas: what a budget of hand-offs is a share of."""

import time
from collections.abc import Callable
from typing import Any

from kefu_serving.sessions import names
from kefu_serving.sessions.names import Conversation

KEPT_SECONDS = 2 * 86_400
"""Until nobody asks for the day any more."""


class Tally:
    """The conversations of one chatbot, each counted once a day (UTC), to 1 %: a HyperLogLog of 12 KiB holds any number."""

    def __init__(self, scope: str, clock: Callable[[], float] = time.time) -> None:
        """`clock`: seconds since 1970."""
        self._scope = scope
        self._clock = clock

    def count(self, pipeline: Any, conversation: Conversation) -> None:
        """Adds the commands that count it to a pipeline of others."""
        key, _ = self.keys()
        pipeline.pfadd(key, conversation.handoff)
        pipeline.expire(key, KEPT_SECONDS)

    def keys(self) -> tuple[str, str]:
        """Today's conversations, and today's hand-offs for want of confidence."""
        day = time.strftime("%Y%m%d", time.gmtime(self._clock()))
        return names.conversations(self._scope, day), names.unsure(self._scope, day)
