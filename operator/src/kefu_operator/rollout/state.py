"""Where a rollout stands: everything that must survive a restart, as the status holds it."""

from dataclasses import dataclass, field
from enum import StrEnum

from kefu_operator.rollout.decision import Decided
from kefu_operator.rollout.judge import Judgement, Outcome


class Phase(StrEnum):
    """What a rollout does now."""

    SETTLED = "Settled"
    """Nothing: one release serves all."""
    WAITING = "Waiting"
    """For what the candidate needs: its engine, an index, or the gateways."""
    SCALING = "Scaling"
    """Its share grows as its engine gets pods."""
    PROGRESSING = "Progressing"
    PAUSED = "Paused"
    """By a person."""
    INCONCLUSIVE = "Inconclusive"
    """The step's time is over, and nothing can be concluded; it goes on when something can."""


class Cause(StrEnum):
    """Why a release does not come to the customers."""

    ROLLED_BACK = "RolledBack"
    ABORTED = "Aborted"


@dataclass(frozen=True)
class Rejected:
    """A release that does not come to the customers."""

    release: str
    cause: Cause
    why: str


@dataclass(frozen=True)
class State:
    """Where it stands. Releases are named `r1`, `r2`, …; times are seconds since 1970."""

    stable: str | None = None
    """None before the first release."""
    candidate: str | None = None
    """None where nothing is on its way."""
    phase: Phase = Phase.SETTLED
    step: int = 0
    path: str = ""
    """The steps that it takes, in words; empty where that is not known."""
    weight: int = 0
    """Percent of the customers that it answers now, or whose questions it is asked."""
    pods: int = 0
    """That its engine is to have now."""
    whole: int = 0
    """Pods that answered everybody before it came, where an autoscaler says how many; else 0."""
    since: float = 0
    """When the step began."""
    measured: float = 0
    """When it was measured last; 0: not yet."""
    failures: int = 0
    """Failed measurements of this candidate."""
    losses: int = 0
    """How often its engine left while it had customers."""
    judgements: tuple[Judgement, ...] = field(default=())
    """The last measurement, metric by metric."""
    rejected: Rejected | None = None
    decided: Decided | None = None
    """The decision that was carried out last."""

    @property
    def is_shadow(self) -> bool:
        """Whether it takes the steps of a shadow."""
        return self.path.startswith("shadow")

    @property
    def verdict(self) -> Outcome | None:
        """Of the last measurement."""
        return max((judgement.outcome for judgement in self.judgements), default=None)
