"""The rollout's next state. Nothing else decides which release serves whom.

Every call may be the first after a restart: what it needs stands in the state, and the same state with the same facts
gives the same answer.
"""

from dataclasses import dataclass, replace
from typing import Literal

from kefu_api.documents.variants import Role
from kefu_operator.rollout.decision import Decided, Verdict
from kefu_operator.rollout.judge import Judgement, Outcome
from kefu_operator.rollout.pods import ONE, SURGE, Pods
from kefu_operator.rollout.state import Cause, Phase, Rejected, State
from kefu_operator.rollout.strategy import Stage, Strategy

ROOM_SECONDS = 300.0
"""How long room is awaited for a second engine beside the stable one, for a node may be on its way; then the two are exchanged."""
MAX_LOSSES = 2
"""How often a candidate's engine may leave while it has customers."""


@dataclass(frozen=True)
class Seen:
    """What was found."""

    target: str
    """The release of the present spec."""
    known: frozenset[str]
    """Releases that can still be served."""
    strategy: Strategy | None
    """None: the target is the stable release by another name."""
    ready: bool
    """Whether the target's engine answers, with its adapters, and the gateways can serve it."""
    now: float
    pods: Pods = ONE
    """Of the target's engine."""
    kept: bool = True
    """Whether customers would miss the stable release: its engine answers, or sleeps."""
    cramped: bool = False
    """Whether there is no room for the target's engine beside the stable one."""
    paused: bool = False
    decision: Decided | None = None
    """What a person has decided, of whatever release."""
    judgements: tuple[Judgement, ...] = ()
    """A measurement that was made now; none: none was made."""

    def says(self, verdict: Verdict) -> bool:
        """Whether a person has decided so about the target."""
        return self.decision is not None and self.decision[:2] == (self.target, verdict)

    @property
    def promoted(self) -> bool:
        """Whether the target goes to all customers without steps."""
        return self.says("Promote")

    @property
    def way(self) -> Strategy | None:
        """How the target comes to the customers now."""
        return self.strategy.hurried() if self.promoted and self.strategy else self.strategy


Share = tuple[str, Role, int]
"""A release, its role and its weight."""


def advance(state: State, seen: Seen) -> State:
    """The next state."""
    seen = undecided(seen, state)
    after = _advance(state, seen)
    return replace(after, decided=seen.decision if _is_carried_out(seen, after) else state.decided)


def undecided(seen: Seen, state: State) -> Seen:
    """What was found, without a decision that was carried out before."""
    return replace(seen, decision=None) if seen.decision == state.decided else seen


def _is_carried_out(seen: Seen, after: State) -> bool:
    if seen.says("Abort"):
        return after.rejected is not None
    if seen.says("Retry"):
        return seen.target in (after.candidate, after.stable)
    return seen.promoted and after.stable == seen.target


def _advance(state: State, seen: Seen) -> State:
    way = seen.way
    if state.stable not in seen.known or way is None or state.stable == seen.target:
        return State(stable=seen.target)
    if seen.says("Abort"):
        return _reject(state, seen, Cause.ABORTED, "spec.rollout.decision says so")
    if way.at_once:
        if not seen.kept:
            return State(stable=seen.target)
    elif state.rejected and state.rejected.release == seen.target and not seen.says("Retry"):
        return State(stable=state.stable, rejected=state.rejected, judgements=state.judgements)
    if state.candidate != seen.target:
        state = State(state.stable, seen.target, Phase.WAITING, pods=1, since=seen.now)
    return _go_on(_on_the_way(state, seen, way), seen, way)


def _on_the_way(state: State, seen: Seen, way: Strategy) -> State:
    """At the same step, unless the spec has other steps by now: then at the last of them that brings the release to nobody else.

    Who promotes changes no steps, for he may think again.
    """
    declared = seen.strategy or way
    path, role = declared.path, declared.role
    if declared.at_once or state.path in ("", path):
        return replace(state, path=path, step=min(state.step, len(way.stages) - 1))
    if (role is Role.SHADOW) != state.is_shadow:
        # A shadow's share is nobody's.
        state = replace(state, weight=0)
    turned = replace(state, path=path, step=declared.reached(state.weight))
    return turned if state.phase is Phase.WAITING else _begin(turned, seen, turned.step)


def retreat(state: State) -> State:
    """The state while the spec cannot be carried out: what was on its way is wanted no more, and the stable release serves all."""
    return state if state.candidate is None else State(stable=state.stable, decided=state.decided)


def is_due(state: State, strategy: Strategy | None, now: float) -> bool:
    """Whether the candidate is to be measured now."""
    if strategy is None or state.candidate is None or state.step >= len(strategy.stages):
        return False
    stage = strategy.stages[state.step]
    return stage.judged and state.weight > 0 and now >= _next_measure(state, strategy, stage)


def next_look(state: State, strategy: Strategy | None, now: float) -> float | None:
    """When something is to be done although nothing changes; None: never."""
    if strategy is None or state.candidate is None:
        return None
    if state.phase is Phase.WAITING:
        end = state.since + ROOM_SECONDS
        return end if strategy.at_once and end > now else None
    stage = strategy.stages[state.step]
    if stage.judged:
        return _next_measure(state, strategy, stage) if state.weight else None
    return state.since + stage.interval if state.phase is Phase.PROGRESSING else None


def shares(state: State, strategy: Strategy | None) -> tuple[Share, ...]:
    """Who serves whom: the stable release first."""
    if state.stable is None:
        return ()
    if state.candidate is None or strategy is None:
        return ((state.stable, Role.STABLE, 100),)
    # Without an engine it answers nobody, but it is known, so that its prompt is read as soon as there is one.
    role = strategy.stages[state.step].role
    left = 100 if role is Role.SHADOW else 100 - state.weight
    return (state.stable, Role.STABLE, left), (state.candidate, role, state.weight)


def change(before: State, after: State) -> tuple[Literal["Promoted", "RolledBack", "Aborted"], str] | None:
    """What an event tells, and of which release; None where there is nothing to tell."""
    if before.candidate and after.stable == before.candidate:
        return "Promoted", before.candidate
    if after.rejected and after.rejected != before.rejected:
        return after.rejected.cause.value, after.rejected.release
    return None


def _reject(state: State, seen: Seen, cause: Cause, why: str) -> State:
    return State(stable=state.stable, rejected=Rejected(seen.target, cause, why), judgements=state.judgements)


def _go_on(state: State, seen: Seen, way: Strategy) -> State:
    if seen.pods.elastic:
        whole = state.whole if state.whole and state.weight else seen.pods.wanted
        state, seen = replace(state, whole=whole), replace(seen, pods=replace(seen.pods, wanted=whole))
    else:
        state = replace(state, whole=0)
    held = seen.paused and not seen.promoted
    if not seen.ready or (held and state.phase is Phase.WAITING):
        return _wait(state, seen, way)
    if state.phase is Phase.WAITING:
        # What was counted while the engine was away says nothing of the release.
        state = _begin(state, seen, state.step)
    state = _measure(state, seen)
    if state.verdict is Outcome.FAIL and seen.judgements and state.failures > way.failure_limit:
        why = "; ".join(each.message for each in state.judgements if each.outcome is Outcome.FAIL)
        return _reject(state, seen, Cause.ROLLED_BACK, why)
    if held:
        return replace(_within(state, seen, way.stages[state.step]), phase=Phase.PAUSED)
    if state.phase is Phase.PAUSED:
        state = _begin(state, seen, state.step)
    return _climb(state, seen, way)


def _climb(state: State, seen: Seen, way: Strategy) -> State:
    """As far as there are pods and the steps' time is over."""
    while state.candidate:
        before, state = state, _step(_fill(state, seen, way), seen, way)
        if state.step == before.step:
            break
        # What was measured was the step before.
        seen = replace(seen, judgements=())
    return state


def _fill(state: State, seen: Seen, way: Strategy) -> State:
    """The step's share, as far as the pods carry it; the step's time begins when they carry all of it."""
    stage = way.stages[state.step]
    carried = seen.pods.carried(stage.goal, _limit(stage))
    # A pod that is away for a moment sends no customer back to another release.
    weight, pods = max(state.weight, carried), max(state.pods, seen.pods.available + 1)
    if seen.pods.free:
        pods = seen.pods.need(stage.goal)
    grown = _within(replace(state, weight=weight, pods=pods), seen, stage)
    if grown.weight < seen.pods.most(stage.goal, _limit(stage)):
        return replace(grown, phase=Phase.SCALING)
    return _begin(grown, seen, state.step) if state.phase is Phase.SCALING else grown


def _within(state: State, seen: Seen, stage: Stage) -> State:
    """With no more customers and pods than the step has: a promotion that was taken back had more."""
    weight = min(state.weight, seen.pods.most(stage.goal, _limit(stage)))
    return replace(state, weight=weight, pods=min(state.pods, seen.pods.need(stage.goal, _limit(stage))))


def _limit(stage: Stage) -> int | None:
    """A shadow's pods come beside all of the stable release's."""
    return SURGE if stage.role is Role.SHADOW else None


def _wait(state: State, seen: Seen, way: Strategy) -> State:
    """The same step without customers, since when they had to go."""
    if state.phase is Phase.WAITING:
        patient = seen.now < state.since + ROOM_SECONDS
        return State(stable=seen.target) if way.at_once and seen.cramped and not patient else state
    # That one of its pods has not its adapters yet is no loss.
    lost = state.losses + (state.weight > 0 and seen.pods.available == 0)
    if lost > MAX_LOSSES and not way.at_once:
        return _reject(state, seen, Cause.ROLLED_BACK, f"its engine left {lost} times while it was asked")
    return replace(state, phase=Phase.WAITING, weight=0, pods=1, losses=lost, since=seen.now)


def _measure(state: State, seen: Seen) -> State:
    if not seen.judgements:
        return state
    measured = replace(state, measured=seen.now, judgements=seen.judgements)
    failed = measured.verdict is Outcome.FAIL
    return replace(measured, failures=measured.failures + failed)


def _step(state: State, seen: Seen, way: Strategy) -> State:
    stage = way.stages[state.step]
    if state.phase is Phase.SCALING:
        return state
    if seen.now < state.since + stage.interval:
        return replace(state, phase=Phase.PROGRESSING)
    if stage.judged:
        if not seen.judgements or state.verdict is Outcome.FAIL:
            return state
        if state.verdict is Outcome.INCONCLUSIVE:
            return replace(state, phase=Phase.INCONCLUSIVE)
    if state.step + 1 < len(way.stages):
        return _begin(state, seen, state.step + 1)
    return State(stable=state.candidate)


def _begin(state: State, seen: Seen, step: int) -> State:
    """A step, from its beginning; the failures are the candidate's, and stay."""
    return replace(state, phase=Phase.PROGRESSING, step=step, since=seen.now, measured=0, judgements=())


def _next_measure(state: State, strategy: Strategy, stage: Stage) -> float:
    """The period after the last one, and once more at the step's end."""
    usual = (state.measured or state.since) + strategy.period
    end = state.since + stage.interval
    return min(usual, end) if state.measured < end else usual
