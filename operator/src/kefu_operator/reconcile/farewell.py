"""Engines that nobody wants any more, and for how long they still stand: gateways may ask them until they have read their new document.

Told by memory alone: an operator that is started anew waits once more, which harms nobody.
"""

from datetime import datetime, timedelta

SECONDS = 10
"""A gateway has read a new document mostly within two: its pod's kubelet is nudged."""


class Farewell:
    """Since when nobody wants them."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], datetime] = {}

    def left(self, namespace: str, engine: str, now: datetime) -> float:
        """Seconds for which an unwanted engine still stands; 0: none any more."""
        end = self._since.setdefault((namespace, engine), now) + timedelta(seconds=SECONDS)
        return max(0, (end - now).total_seconds())

    def forget(self, namespace: str, engine: str) -> None:
        """It is wanted, or gone."""
        self._since.pop((namespace, engine), None)
