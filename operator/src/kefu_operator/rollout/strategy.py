"""From the spec's rollout to steps: who is asked, and whom the candidate answers, at each of them."""

from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class Stage:
    """One step."""

    role: Role
    """Of the candidate."""
    goal: int
    """Percent of the customers."""
    interval: float
    """Seconds that it lasts at least."""
    judged: bool
    """Whether it is measured: nobody's questions are none to measure."""


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
    at_once: bool = False
    """Whether it goes as fast as its engine's pods come: where no rollout is declared, and where a person promotes."""

    @property
    def period(self) -> float:
        """Seconds between two measurements."""
        return min(max(self.interval / MEASURES, SHORTEST_PERIOD), LONGEST_PERIOD)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The steps; behind those of a shadow, which answers nobody, the one that brings it to all."""
        steps = tuple(Stage(self.role, goal, self.interval, bool(self.analysis) and goal > 0) for goal in self.steps)
        return (*steps, *AT_ONCE.stages) if self.role is Role.SHADOW else steps

    @property
    def path(self) -> str:
        """Its steps in words; others are other words."""
        steps = ", ".join(map(str, self.steps))
        return f"shadow {steps}" if self.role is Role.SHADOW else steps

    def reached(self, weight: int) -> int:
        """The last step that gives no more than so many percent of the customers, else the first; a shadow begins with its first."""
        fitting = [step for step, goal in enumerate(self.steps) if goal <= weight]
        return fitting[-1] if fitting and self.role is Role.CANDIDATE else 0

    def hurried(self) -> "Strategy":
        """At once, from whatever step it stands at."""
        return replace(AT_ONCE, steps=AT_ONCE.steps * len(self.stages))


AT_ONCE = Strategy(Role.CANDIDATE, (100,), interval=0, analysis=(), failure_limit=0, at_once=True)
"""Where no rollout is declared."""


def strategy_of(rollout: Rollout | None) -> Strategy:
    """The strategy that a spec declares."""
    if rollout is None:
        return AT_ONCE
    default = {"Canary": CANARY_STEPS, "BlueGreen": BLUE_GREEN_STEPS, "Shadow": SHADOW_STEPS}[rollout.strategy]
    return Strategy(
        role=Role.SHADOW if rollout.strategy == "Shadow" else Role.CANDIDATE,
        steps=rollout.steps or default,
        interval=seconds(rollout.interval),
        analysis=rollout.analysis,
        failure_limit=rollout.failure_limit,
    )
