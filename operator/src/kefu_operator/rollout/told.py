"""The rollout's state as the status holds it, and back: nothing of it is kept anywhere else."""

from datetime import UTC, datetime

from kefu_api.kinds.rollout import Decision, Measurement, Rejection, ReleaseKnowledge, Releases
from kefu_operator.rollout.decision import Decided
from kefu_operator.rollout.judge import Judgement, Outcome
from kefu_operator.rollout.state import Cause, Phase, Rejected, State
from kefu_operator.rollout.strategy import Strategy

MAX_MESSAGE = 1024


def state_of(releases: Releases | None) -> State:
    """The state that a status tells."""
    if releases is None:
        return State()
    judgements = tuple(
        Judgement(each.metric, Outcome[each.verdict.upper()], each.value, each.samples, each.message)
        for each in releases.measurements
    )
    told = releases.rejected
    rejected = Rejected(told.release, Cause(told.reason), told.message) if told else None
    said = releases.decided
    decided = Decided(said.release, said.verdict, said.attempt) if said else None
    if releases.candidate is None:
        return State(stable=releases.stable, judgements=judgements, rejected=rejected, decided=decided)
    return State(
        stable=releases.stable,
        candidate=releases.candidate,
        phase=Phase(releases.phase or Phase.WAITING),
        step=int((releases.step or "1/1").partition("/")[0]) - 1,
        path=releases.steps or "",
        weight=releases.weight or 0,
        pods=releases.candidate_replicas or 0,
        whole=releases.former_replicas or 0,
        since=_seconds(releases.since),
        measured=_seconds(releases.measured),
        failures=releases.failures or 0,
        losses=releases.engine_losses or 0,
        judgements=judgements,
        rejected=rejected,
        decided=decided,
    )


def releases_of(state: State, strategy: Strategy | None, knowledge: tuple[ReleaseKnowledge, ...] = ()) -> Releases:
    """The status that tells a state, and the versions of the knowledge that its releases name."""
    measurements = tuple(
        Measurement(
            metric=each.metric,
            verdict=each.outcome.title,
            value=each.value,
            samples=each.samples,
            message=each.message[:MAX_MESSAGE],
        )
        for each in state.judgements
    )
    rejected = state.rejected
    told = Releases(
        stable=state.stable,
        verdict=state.verdict.title if state.verdict is not None else None,
        measurements=measurements,
        knowledge=knowledge,
        decided=Decision(**state.decided._asdict()) if state.decided else None,
        rejected=Rejection(release=rejected.release, reason=rejected.cause.value, message=rejected.why[:MAX_MESSAGE])
        if rejected
        else None,
    )
    if state.candidate is None or strategy is None:
        return told
    return told.model_copy(
        update={
            "candidate": state.candidate,
            "phase": state.phase.value,
            "weight": state.weight,
            "step": f"{state.step + 1}/{len(strategy.stages)}",
            "steps": state.path or None,
            "candidate_replicas": state.pods or None,
            "former_replicas": state.whole or None,
            "since": _stamp(state.since),
            "measured": _stamp(state.measured) if state.measured else None,
            "failures": state.failures,
            "engine_losses": state.losses or None,
        }
    )


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else 0
