"""What a person has decided, by the spec."""

from dataclasses import dataclass

from kefu_api.kinds.rollout import Rollout


@dataclass(frozen=True)
class Decided:
    """Names of releases; None where nothing was decided."""

    promoted: str | None = None
    aborted: str | None = None


def decided(rollout: Rollout | None) -> Decided:
    """The decision of a spec."""
    decision = rollout.decision if rollout else None
    if decision is None:
        return Decided()
    return Decided(promoted=decision.release) if decision.verdict == "Promote" else Decided(aborted=decision.release)
