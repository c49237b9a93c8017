"""The condition Released tells what a release waits for, and whom it answers meanwhile."""

from dataclasses import replace

from kefu_api.documents.variants import Role
from kefu_operator.rollout.state import Phase, State
from kefu_operator.rollout.strategy import AT_ONCE, Strategy
from kefu_operator.status.check import Verdict, ok, stuck, wait
from kefu_operator.status.reasons import Reason
from kefu_operator.status.release_checks import check_releases

WAITING = State("r1", "r2", Phase.WAITING)
RUNS = ok(Reason.RUNNING, "engine e: 1/1 pods are ready")
SHADOW = Strategy(Role.SHADOW, (50, 100), 60, (), 0)


def test_a_release_waits_for_its_engine_its_knowledge_then_for_gateways_then_for_a_person() -> None:
    starts, replaced = wait(Reason.STARTING, "engine e starts"), wait(Reason.ROLLING_OUT, "the gateway: 1/2")
    built = wait(Reason.INDEX_NOT_READY, "KnowledgeIndex k is not ready")
    for engine, gateways, knowledge, reason in (
        (starts, replaced, built, "WaitingForEngine"),
        (RUNS, replaced, built, "IndexNotReady"),
        (RUNS, replaced, None, "WaitingForGateways"),
        (RUNS, None, None, "ReleasePaused"),
    ):
        told = check_releases(WAITING, AT_ONCE, engine, gateways, knowledge, paused=True)
        assert (told.verdict, told.reason) == (Verdict.WAIT, reason)
    assert "kefu rollout resume" in told.message


def test_what_only_a_person_can_mend_is_told_by_its_own_reason() -> None:
    pull = stuck(Reason.IMAGE_PULL_FAILED, "the gateway cannot be pulled")
    told = check_releases(WAITING, AT_ONCE, RUNS, pull)
    assert (told.verdict, told.reason) == (Verdict.STUCK, "ImagePullBackOff")


def test_a_shadow_is_not_told_to_answer_customers() -> None:
    moving = State("r1", "r2", Phase.PROGRESSING, weight=50)
    assert "(shadow of 50 %)" in check_releases(moving, SHADOW, RUNS).message
    assert "step 3 of 3 (50 %)" in check_releases(replace(moving, step=2), SHADOW, RUNS).message
