"""The rollout's next state. Nothing else decides which release serves whom.

Every call may be the first after a restart: what it needs stands in the state, and the same state with the same facts
gives the same answer.
"""

from dataclasses import dataclass, replace
from typing import Literal

from kefu_api.documents.variants import Role
from kefu_operator.rollout.judge import Judgement, Outcome
from kefu_operator.rollout.state import Cause, Phase, Rejected, State
from kefu_operator.rollout.strategy import Strategy


@dataclass(frozen=True)
class Seen:
    """What was found."""

    target: str
    """The release of the present spec."""
    known: frozenset[str]
    """Releases that can still be served."""
    strategy: Strategy | None
    """None: at once."""
    ready: bool
    """Whether the target's engine answers."""
    now: float
    paused: bool = False
    promoted: bool = False
    """Whether a person has decided that the target goes to all customers."""
    aborted: bool = False
    """Whether a person has decided that it goes to none."""
    judgements: tuple[Judgement, ...] = ()
    """A measurement that was made now; none: none was made."""


Share = tuple[str, Role, int]
"""A release, its role and its weight."""


def advance(state: State, seen: Seen) -> State:
    """The next state."""
    if state.stable not in seen.known or seen.strategy is None or state.stable == seen.target:
        return State(stable=seen.target)
    if seen.promoted:
        return _promote(state, seen)
    if seen.aborted:
        return _reject(state, seen, Cause.ABORTED, "spec.rollout.decision says so")
    if state.rejected and state.rejected.release == seen.target:
        return State(stable=state.stable, rejected=state.rejected, judgements=state.judgements)
    if state.candidate != seen.target:
        state = State(state.stable, seen.target, Phase.WAITING, since=seen.now)
    return _go_on(replace(state, step=min(state.step, len(seen.strategy.steps) - 1)), seen, seen.strategy)


def retreat(state: State) -> State:
    """The state while the spec cannot be carried out: what was on its way is wanted no more, and the stable release serves all."""
    return state if state.candidate is None else State(stable=state.stable)


def is_due(state: State, strategy: Strategy | None, now: float) -> bool:
    """Whether the candidate is to be measured now."""
    if strategy is None or state.candidate is None or state.phase is Phase.WAITING:
        return False
    if state.step >= len(strategy.steps) or not strategy.judged(state.step):
        return False
    return now >= _next_measure(state, strategy)


def next_look(state: State, strategy: Strategy | None) -> float | None:
    """When something is to be done although nothing changes; None: never."""
    if strategy is None or state.candidate is None or state.phase is Phase.WAITING:
        return None
    if strategy.judged(state.step):
        return _next_measure(state, strategy)
    return None if state.phase is Phase.PAUSED else state.since + strategy.interval


def shares(state: State, strategy: Strategy | None) -> tuple[Share, ...]:
    """Who serves whom: the stable release first."""
    if state.stable is None:
        return ()
    if state.candidate is None or strategy is None:
        return ((state.stable, Role.STABLE, 100),)
    # Without an engine it answers nobody, but it is known, so that its prompt is read as soon as there is one.
    weight = 0 if state.phase is Phase.WAITING else strategy.steps[state.step]
    left = 100 if strategy.role is Role.SHADOW else 100 - weight
    return (state.stable, Role.STABLE, left), (state.candidate, strategy.role, weight)


def change(before: State, after: State) -> tuple[Literal["Promoted", "RolledBack", "Aborted"], str] | None:
    """What an event tells, and of which release; None where there is nothing to tell."""
    if before.candidate and after.stable == before.candidate:
        return "Promoted", before.candidate
    if after.rejected and after.rejected != before.rejected:
        return after.rejected.cause.value, after.rejected.release
    return None


def _promote(state: State, seen: Seen) -> State:
    if seen.ready:
        return State(stable=seen.target)
    if state.candidate == seen.target:
        return _wait(state, seen)
    return State(state.stable, seen.target, Phase.WAITING, since=seen.now)


def _reject(state: State, seen: Seen, cause: Cause, why: str) -> State:
    return State(stable=state.stable, rejected=Rejected(seen.target, cause, why), judgements=state.judgements)


def _go_on(state: State, seen: Seen, strategy: Strategy) -> State:
    if not seen.ready or (seen.paused and state.phase is Phase.WAITING):
        return _wait(state, seen)
    if state.phase is Phase.WAITING:
        # What was counted while the engine was away says nothing of the release.
        state = _begin(state, seen, state.step)
    state = _measure(state, seen)
    if state.verdict is Outcome.FAIL and seen.judgements and state.failures > strategy.failure_limit:
        why = "; ".join(each.message for each in state.judgements if each.outcome is Outcome.FAIL)
        return _reject(state, seen, Cause.ROLLED_BACK, why)
    if seen.paused:
        return replace(state, phase=Phase.PAUSED)
    if state.phase is Phase.PAUSED:
        return _begin(state, seen, state.step)
    return _step(state, seen, strategy)


def _wait(state: State, seen: Seen) -> State:
    """The same step without customers, since when they had to go."""
    return state if state.phase is Phase.WAITING else replace(state, phase=Phase.WAITING, since=seen.now)


def _measure(state: State, seen: Seen) -> State:
    if not seen.judgements:
        return state
    measured = replace(state, measured=seen.now, judgements=seen.judgements)
    failed = measured.verdict is Outcome.FAIL
    return replace(measured, failures=measured.failures + failed)


def _step(state: State, seen: Seen, strategy: Strategy) -> State:
    if seen.now < state.since + strategy.interval:
        return replace(state, phase=Phase.PROGRESSING)
    if strategy.judged(state.step):
        if not seen.judgements or state.verdict is Outcome.FAIL:
            return state
        if state.verdict is Outcome.INCONCLUSIVE:
            return replace(state, phase=Phase.INCONCLUSIVE)
    if state.step + 1 < len(strategy.steps):
        return _begin(state, seen, state.step + 1)
    return State(stable=state.candidate)


def _begin(state: State, seen: Seen, step: int) -> State:
    """A step, from its beginning; the failures are the candidate's, and stay."""
    return replace(state, phase=Phase.PROGRESSING, step=step, since=seen.now, measured=0, judgements=())


def _next_measure(state: State, strategy: Strategy) -> float:
    """The period after the last one, and once more at the step's end."""
    usual = (state.measured or state.since) + strategy.period
    end = state.since + strategy.interval
    return min(usual, end) if state.measured < end else usual
