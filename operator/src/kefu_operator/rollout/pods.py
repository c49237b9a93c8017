"""The pods of two engines side by side: the candidate's come one by one, and the stable one's go as they come.

Both together are never more than `SURGE` beyond what the chatbot has, and the customers move no faster than the pods, so that
neither engine has more customers a pod than the one engine had before.
"""

from dataclasses import dataclass
from math import ceil

SURGE = 1
"""Pods that a rollout may take beyond what the chatbot has."""


@dataclass(frozen=True)
class Pods:
    """Of the candidate's engine."""

    wanted: int = 1
    """Of an engine that answers everybody."""
    available: int = 1
    elastic: bool = False
    """Whether `wanted` is what an autoscaler gives the stable engine now, which goes down as customers leave it."""
    free: bool = False
    """Whether there is nothing to weigh, for one engine serves both releases."""

    def need(self, goal: int, limit: int | None = None) -> int:
        """For so many percent of the customers, and not more than `limit`."""
        needed = max(1, ceil(self.wanted * goal / 100))
        return needed if limit is None or self.free else min(needed, limit)

    def carried(self, goal: int, limit: int | None = None) -> int:
        """How many of those percent the pods can answer that are there."""
        return goal if self.free else self._carried_by(min(self.available, self.need(goal, limit)), goal)

    def most(self, goal: int, limit: int | None = None) -> int:
        """How many of those percent the pods could answer that it may have."""
        return goal if self.free else self._carried_by(self.need(goal, limit), goal)

    def _carried_by(self, pods: int, goal: int) -> int:
        if pods >= self.need(goal):
            return goal
        return min(goal, max(1, 100 * pods // self.wanted)) if pods else 0


ONE = Pods()
"""A single pod, which answers."""


def stable_pods(wanted: int, candidate: int) -> int:
    """Pods of the stable release's engine beside so many of the candidate's."""
    return max(1, wanted + SURGE - candidate) if candidate > SURGE else wanted
