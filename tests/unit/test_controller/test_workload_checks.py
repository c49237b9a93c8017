"""Checks of a Deployment: ready means that its newest pods answer."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from kefu_operator.errors import Forbidden, NotOurs, Rejected, Unadmitted
from kefu_operator.pods import ContainerView, PodView
from kefu_operator.status.check import Verdict
from kefu_operator.status.workload_checks import check_refusals, check_workload

SETTLED = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
NOW = datetime(2026, 1, 1, 0, 10, tzinfo=UTC)
YOUNG, OLD = "2026-01-01T00:09:00Z", "2026-01-01T00:01:00Z"
PULLING = PodView("p", "d", scheduled=True, containers=(ContainerView("c", "i:2", waiting="ImagePullBackOff"),))
HOMELESS = PodView("p", "d", created=OLD, unschedulable="0/3 nodes are available: 3 Insufficient cpu.")
FULL = {"type": "ReplicaFailure", "status": "True", "message": 'pods "p" is forbidden: exceeded quota: tight'}
ONE_OF_TWO = {**SETTLED, "availableReplicas": 1}

# As LeaderWorkerSet 0.9 has them.
ANEW = [
    {"type": "Progressing", "status": "True"},
    {"type": "Available", "status": "False"},
    {"type": "UpdateInProgress", "status": "False"},
]
UPDATING = [*ANEW[:2], {"type": "UpdateInProgress", "status": "True"}]


def deployment(status: dict[str, Any], replicas: int = 2) -> dict[str, Any]:
    return {
        "kind": "Deployment",
        "metadata": {"generation": 2},
        "spec": {"replicas": replicas},
        "status": status,
    }


def groups(status: dict[str, Any]) -> dict[str, Any]:
    """A LeaderWorkerSet, whose status counts groups."""
    return {**deployment(status), "kind": "LeaderWorkerSet"}


CASES = {
    "it does not exist yet": (None, (), Verdict.WAIT, "Creating"),
    "all pods answer": (deployment(SETTLED), (), Verdict.OK, "Running"),
    "one of two answers after scaling up": (
        deployment(ONE_OF_TWO), (PodView("p", "d", created=YOUNG, scheduled=True),), Verdict.OK, "Running",
    ),
    "one of two answers, and no node takes the other": (
        deployment(ONE_OF_TWO), (HOMELESS,), Verdict.DEGRADED, "Degraded",
    ),
    "one of two answers, and a node may be on its way for the other": (
        deployment(ONE_OF_TWO), (replace(HOMELESS, created=YOUNG),), Verdict.OK, "Running",
    ),
    "one of two answers, and the other has an image that time does not mend": (
        deployment(ONE_OF_TWO), (replace(PULLING, created=YOUNG),), Verdict.DEGRADED, "Degraded",
    ),
    "one of two answers, and a quota refuses the other": (
        deployment({**SETTLED, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "conditions": [FULL]}), (),
        Verdict.DEGRADED, "Degraded",
    ),
    "both answer, and what failed before is still told": (
        deployment({**SETTLED, "conditions": [FULL]}), (HOMELESS,), Verdict.OK, "Running",
    ),
    "one of two answers, and the other is being deleted": (
        deployment(ONE_OF_TWO), (replace(PULLING, deleting=True),), Verdict.OK, "Running",
    ),
    "none answers yet": (deployment({**SETTLED, "availableReplicas": 0}), (), Verdict.WAIT, "Starting"),
    "its controller has not seen the newest spec": (
        deployment({**SETTLED, "observedGeneration": 1}), (), Verdict.WAIT, "RollingOut",
    ),
    "old pods answer while new ones come": (
        deployment({**SETTLED, "replicas": 3, "updatedReplicas": 1}), (), Verdict.WAIT, "RollingOut",
    ),
    "old pods answer and the new one fails": (
        deployment({**SETTLED, "replicas": 3, "updatedReplicas": 1}), (PULLING,), Verdict.STUCK, "ImagePullBackOff",
    ),
    "its pods are refused by a quota": (
        deployment({"conditions": [{"type": "ReplicaFailure", "status": "True", "message": 'exceeded quota: "q"'}]}),
        (), Verdict.STUCK, "QuotaExceeded",
    ),
    "its pods are refused by Pod Security": (
        deployment({"conditions": [{"type": "ReplicaFailure", "status": "True", "message": "violates PodSecurity"}]}),
        (), Verdict.STUCK, "PodRefused",
    ),
    "all groups of a LeaderWorkerSet answer": (
        groups({"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2}), (), Verdict.OK, "Running",
    ),
    "a LeaderWorkerSet's controller has not seen the newest spec": (
        groups({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2}), (), Verdict.WAIT,
        "RollingOut",
    ),
    "no group answers, for a worker cannot start": (
        groups({"replicas": 2, "updatedReplicas": 2}), (PULLING,), Verdict.STUCK, "ImagePullBackOff",
    ),
    "a group of a LeaderWorkerSet is made anew as it was, and the other answers": (
        groups({"replicas": 2, "updatedReplicas": 1, "readyReplicas": 1, "conditions": ANEW}), (), Verdict.OK, "Running",
    ),
    "groups of a LeaderWorkerSet are of an older template": (
        groups({"replicas": 2, "updatedReplicas": 1, "readyReplicas": 1, "conditions": UPDATING}), (), Verdict.WAIT,
        "RollingOut",
    ),
    "nobody looks at LeaderWorkerSets": (groups({}), (), Verdict.WAIT, "Creating"),
    "it is scaled to zero": (deployment({}, replicas=0), (), Verdict.FAIL, "ScaledToZero"),
}  # fmt: skip


@pytest.mark.parametrize("sentence", CASES)
def test_a_deployment_is_judged_when(sentence: str) -> None:
    found, pods, verdict, reason = CASES[sentence]
    check = check_workload("the gateway", found, pods, NOW)
    assert (check.verdict, check.reason) == (verdict, reason)


def test_a_pod_that_is_going_away_is_nobodys_fault() -> None:
    going = PodView("p", "d", deleting=True, containers=PULLING.containers)
    check = check_workload("the gateway", deployment({**SETTLED, "availableReplicas": 0}), [going], NOW)
    assert check.reason == "Starting"


def test_who_answers_with_less_says_with_how_many_and_why_of_all_reasons_the_worst() -> None:
    wanted = {**deployment({**SETTLED, "availableReplicas": 1}, replicas=5)}
    check = check_workload("the gateway", wanted, [HOMELESS, replace(PULLING, name="q"), HOMELESS], NOW)
    assert check.message.startswith("the gateway: 1/5 pods are ready; ImagePullBackOff: pod q cannot pull image i:2")


def test_what_may_heal_is_told_while_the_pod_is_young() -> None:
    check = check_workload("the gateway", deployment(ONE_OF_TWO), [replace(HOMELESS, created=YOUNG)], NOW)
    assert check.message.startswith("the gateway: 1/2 pods are ready; Unschedulable: pod p cannot be scheduled")


def test_a_namespace_that_is_being_deleted_is_no_fault() -> None:
    error = Forbidden(
        'services "x" is forbidden: unable to create new content in namespace a because it is being terminated'
    )
    check = check_refusals([error])[0]
    assert (check.verdict, check.reason) == (Verdict.WAIT, "NamespaceTerminating")


def test_a_kind_that_is_being_removed_is_no_lack_of_a_right() -> None:
    error = Forbidden(
        'leaderworkersets "x" is forbidden: create not allowed while custom resource definition is terminating', 403
    )
    check = check_refusals([error])[0]
    assert (check.verdict, check.reason) == (Verdict.WAIT, "Creating")
    assert "lacks a right" not in check.message


def test_a_webhook_that_does_not_answer_is_told_with_a_remedy() -> None:
    check = check_refusals([Unadmitted('failed calling webhook "mleaderworkerset.kb.io"', 500)])[0]
    assert (check.verdict, check.reason) == (Verdict.WAIT, "Creating")
    assert "look whether its server runs" in check.message
    assert "mleaderworkerset.kb.io" in check.message


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (NotOurs("Service x exists"), "NameConflict"),
        (Forbidden('services is forbidden: User "k" cannot patch resource', 403), "Forbidden"),
        (Forbidden('pods "p" is forbidden: exceeded quota: tight', 403), "QuotaExceeded"),
        (Rejected("PersistentVolumeClaim is invalid: spec is immutable", 422), "Rejected"),
    ],
)
def test_what_the_api_server_refuses_is_told(refusal: Any, reason: str) -> None:
    check = check_refusals([refusal])[0]
    assert (check.verdict, check.reason) == (Verdict.STUCK, reason)
    assert str(refusal) in check.message
