"""What a person has decided about one release, by the spec: carried out once, and of no meaning afterwards."""

from typing import Literal, NamedTuple

from kefu_api.kinds.rollout import Rollout

Verdict = Literal["Promote", "Abort", "Retry"]


class Decided(NamedTuple):
    """One decision."""

    release: str
    verdict: Verdict
    attempt: int = 1
    """The same is decided once more by a higher one."""


def decided(rollout: Rollout | None, carried_out: Decided | None) -> Decided | None:
    """The decision of a spec; None where there is none, or it was carried out."""
    told = rollout.decision if rollout else None
    decision = Decided(told.release, told.verdict, told.attempt) if told else None
    return None if decision == carried_out else decision
