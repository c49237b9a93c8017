"""The check of a chatbot's releases: which serves whom, and what the next one waits for."""

from kefu_api.documents.variants import Role
from kefu_operator.rollout.judge import Outcome
from kefu_operator.rollout.state import Cause, Phase, State
from kefu_operator.rollout.strategy import Strategy
from kefu_operator.status.check import Check, Verdict, ok, stuck, wait
from kefu_operator.status.reasons import Reason


def check_releases(
    state: State,
    strategy: Strategy | None,
    engine: Check | None,
    gateways: Check | None = None,
    knowledge: Check | None = None,
    *,
    paused: bool = False,
) -> Check:
    """Whether the spec's release serves all customers.

    Args:
        state: where the rollout stands.
        strategy: how it goes; None: at once.
        engine: the check of the candidate's engine, where there is a candidate.
        gateways: the check of the gateways, where the candidate needs others than those that run.
        knowledge: the check of the indexes that the candidate alone draws from, where one of them does not answer yet.
        paused: whether a person holds it.
    """
    if state.rejected:
        return _rejected(state)
    if state.candidate is None or strategy is None:
        return ok(Reason.RELEASED, f"release {state.stable} serves all customers")
    stage = strategy.stages[state.step]
    share = f"shadow of {state.weight} %" if stage.role is Role.SHADOW else f"{state.weight} %"
    where = f"release {state.candidate}, step {state.step + 1} of {len(strategy.stages)} ({share})"
    if state.phase is Phase.WAITING:
        return _waiting(where, engine, knowledge, gateways, paused=paused)
    if state.phase is Phase.SCALING:
        return wait(Reason.RELEASE_PROGRESSING, f"{where}, grows to {stage.goal} % as its engine gets pods")
    if state.phase is Phase.PAUSED:
        return wait(Reason.RELEASE_PAUSED, f"{where}, is paused: kefu rollout resume")
    if state.phase is Phase.INCONCLUSIVE:
        return _inconclusive(state, where)
    return wait(Reason.RELEASE_PROGRESSING, where)


def _waiting(
    where: str, engine: Check | None, knowledge: Check | None, gateways: Check | None, *, paused: bool
) -> Check:
    """What it waits for; where that waits for a person, the release does."""
    parts = (
        (Reason.WAITING_FOR_ENGINE, engine),
        (Reason.INDEX_NOT_READY, knowledge),
        (Reason.WAITING_FOR_GATEWAYS, gateways),
    )
    for reason, check in parts:
        if check and not check.verdict.answers:
            told = f"{where}, waits: {check.message}"
            return wait(reason, told) if check.verdict is Verdict.WAIT else Check(check.verdict, check.reason, told)
    if paused:
        return wait(Reason.RELEASE_PAUSED, f"{where}, is paused before it begins: kefu rollout resume")
    return wait(Reason.WAITING_FOR_ENGINE, f"{where}, waits: {engine.message if engine else 'its engine starts'}")


def _rejected(state: State) -> Check:
    rejected = state.rejected
    if rejected is None:
        raise ValueError("nothing was rejected")
    remedy = f"release {state.stable} serves all customers; change the spec, or kefu rollout retry or promote"
    if rejected.cause is Cause.ABORTED:
        return stuck(Reason.RELEASE_ABORTED, f"release {rejected.release} was aborted; {remedy}")
    return stuck(Reason.RELEASE_ROLLED_BACK, f"release {rejected.release} was rolled back: {rejected.why}; {remedy}")


def _inconclusive(state: State, where: str) -> Check:
    open_ = [each for each in state.judgements if each.outcome is Outcome.INCONCLUSIVE]
    why = "; ".join(dict.fromkeys(each.message for each in open_))
    # Whoever counts, counts at least nothing: without a number of samples nobody was there to ask.
    away = bool(open_) and all(each.samples is None for each in open_)
    return wait(Reason.PROMETHEUS_UNAVAILABLE if away else Reason.RELEASE_INCONCLUSIVE, f"{where}, waits: {why}")
