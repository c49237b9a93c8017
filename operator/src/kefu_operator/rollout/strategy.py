"""From the spec's rollout to steps: who is asked, and whom the candidate answers, at each of them."""

from dataclasses import dataclass
from math import ceil

from kefu_api.documents.variants import Role
from kefu_api.kinds.rollout import Analysis, Rollout
from kefu_api.kinds.types import seconds

CANARY_STEPS = (1, 10, 50, 100)
SHADOW_STEPS = (100,)
BLUE_GREEN_STEPS = (0, 100)

MEASURES = 10
"""How often a step is measured, at least."""
LONGEST_PERIOD = 10.0
"""Seconds between two measurements at most: what fails is seen within these, and re-pointed in one reconcile after them."""
SHORTEST_PERIOD = 1.0

SURGE = 1
"""Engine replicas that a rollout may take beyond what the chatbot has."""


@dataclass(frozen=True)
class Strategy:
    """How a release comes to the customers."""

    role: Role
    """Of the candidate, until it is stable."""
    steps: tuple[int, ...]
    """Percent of the customers, step by step."""
    interval: float
    """Seconds that a step lasts at least."""
    analysis: tuple[Analysis, ...]
    failure_limit: int

    @property
    def period(self) -> float:
        """Seconds between two measurements."""
        return min(max(self.interval / MEASURES, SHORTEST_PERIOD), LONGEST_PERIOD)

    def judged(self, step: int) -> bool:
        """Whether a step is measured: nobody's questions are none to measure."""
        return bool(self.analysis) and self.steps[step] > 0


def strategy_of(rollout: Rollout | None) -> Strategy | None:
    """The strategy that a spec declares; None: at once."""
    if rollout is None:
        return None
    default = {"Canary": CANARY_STEPS, "BlueGreen": BLUE_GREEN_STEPS, "Shadow": SHADOW_STEPS}[rollout.strategy]
    return Strategy(
        role=Role.SHADOW if rollout.strategy == "Shadow" else Role.CANDIDATE,
        steps=rollout.steps or default,
        interval=seconds(rollout.interval),
        analysis=rollout.analysis,
        failure_limit=rollout.failure_limit,
    )


def engine_replicas(wanted: int, weight: int) -> tuple[int, int]:
    """Replicas of the stable release's engine and of the candidate's, where they are two.

    The candidate's grow with its weight and the stable's shrink, so that both together are at most `SURGE` more than
    `wanted`, or two where only one is wanted.
    """
    candidate = max(1, ceil(wanted * weight / 100))
    return max(1, wanted + SURGE - candidate) if candidate > SURGE else wanted, candidate
