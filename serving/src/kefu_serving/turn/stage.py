"""The shape of a stage: it takes its collaborators through its constructor and the turn as its only argument."""

from typing import Protocol

from kefu_serving.turn.state import Turn


class Stage(Protocol):
    """One step of a turn."""

    async def run(self, turn: Turn) -> None:
        """Adds to the turn, or raises a GatewayError that ends it."""
        ...
