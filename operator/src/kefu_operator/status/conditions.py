"""From checks to conditions as `metav1.Condition` has them."""

from collections.abc import Iterable, Mapping, Sequence

from kefu_api.kinds.meta import Condition
from kefu_operator.status.check import Check, Verdict, worst
from kefu_operator.status.reasons import Reason

MAX_MESSAGE = 2048
"""Characters; what pods say last is bounded here."""


def conditions(
    parts: Mapping[str, Sequence[Check]],
    before: Iterable[Condition],
    generation: int,
    now: str,
    *,
    progress: Check | None = None,
    beside: Mapping[str, Check] | None = None,
) -> tuple[Condition, ...]:
    """Ready, one condition a part, Progressing and Stalled, by which kstatus tells work from failure.

    Args:
        parts: the checks behind each condition, in the order in which they are told.
        before: the conditions as they are; a time of transition is kept where the status is.
        generation: of the spec that was judged.
        now: the current time (RFC 3339).
        progress: work beside all that is ready, whether it goes on or is stuck.
        beside: checks with conditions of their own that customers do not depend on: Ready is told without them.
    """
    told = {name: worst(checks) for name, checks in parts.items()}
    whole = worst(told.values())
    beneath = progress if progress and progress.verdict is not Verdict.OK else None
    moving = next((check for check in told.values() if check.verdict is Verdict.WAIT), None)
    stalled = whole if whole.verdict is Verdict.STUCK else None
    if beneath and beneath.verdict is Verdict.STUCK:
        stalled = stalled or beneath
    else:
        moving = moving or beneath
    judged = {
        "Ready": _judge(whole, "all parts are ready"),
        **{name: (_status(check), check) for name, check in (told | dict(beside or {})).items()},
        "Progressing": _flag(moving, whole),
        "Stalled": _flag(stalled, whole),
    }
    old = {condition.type: condition for condition in before}
    return tuple(_condition(name, *judge, old.get(name), generation, now) for name, judge in judged.items())


def _status(check: Check) -> bool:
    return check.verdict.answers


def _judge(whole: Check, message: str) -> tuple[bool, Check]:
    if whole.verdict is Verdict.OK:
        return True, Check(Verdict.OK, Reason.READY, message)
    return whole.verdict.answers, whole


def _flag(cause: Check | None, whole: Check) -> tuple[bool, Check]:
    if cause:
        return True, cause
    if whole.verdict is Verdict.OK:
        return False, Check(Verdict.OK, Reason.SETTLED, "nothing is to be done")
    return False, whole


def _condition(name: str, holds: bool, check: Check, old: Condition | None, generation: int, now: str) -> Condition:
    status: str = "True" if holds else "False"
    return Condition.model_validate(
        {
            "type": name,
            "status": status,
            "reason": str(check.reason),
            "message": check.message[:MAX_MESSAGE],
            "observedGeneration": generation,
            "lastTransitionTime": old.last_transition_time if old and old.status == status else now,
        }
    )
