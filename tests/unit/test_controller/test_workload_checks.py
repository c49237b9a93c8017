"""Checks of a Deployment: ready means that its newest pods answer."""

from typing import Any

import pytest

from kefu_operator.errors import Forbidden, NotOurs, Rejected, Unadmitted
from kefu_operator.pods import ContainerView, PodView
from kefu_operator.status.check import Verdict
from kefu_operator.status.workload_checks import check_refusals, check_workload

SETTLED = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
PULLING = PodView("p", "d", scheduled=True, containers=(ContainerView("c", "i:2", waiting="ImagePullBackOff"),))

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
    "one of two answers after scaling up": (deployment({**SETTLED, "availableReplicas": 1}), (), Verdict.OK, "Running"),
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
    check = check_workload("the gateway", found, pods)
    assert (check.verdict, check.reason) == (verdict, reason)


def test_a_pod_that_is_going_away_is_nobodys_fault() -> None:
    going = PodView("p", "d", deleting=True, containers=PULLING.containers)
    check = check_workload("the gateway", deployment({**SETTLED, "availableReplicas": 0}), [going])
    assert check.reason == "Starting"


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
