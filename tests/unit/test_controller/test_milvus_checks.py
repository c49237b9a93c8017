"""How a managed store is told: the leaf that fails, and what to do."""

from typing import Any

import pytest

from kefu_operator.status.check import Verdict, ok, wait
from kefu_operator.status.milvus_checks import check_fallback, check_milvus


def milvus(state: str | None = None, *conditions: tuple[str, str, str, str], **meta: Any) -> dict[str, Any]:
    told = [dict(zip(("type", "status", "reason", "message"), each, strict=True)) for each in conditions]
    status = {"status": state, "conditions": told} if state else {}
    return {"metadata": {"name": "shop-milvus", "generation": 2, **meta}, "status": status}


ETCD = ("EtcdReady", "False", "EtcdNotReady", "[shop-milvus-etcd.acme:2379:context deadline exceeded]")
STORAGE = ("StorageReady", "True", "StorageReady", "")
AWAY = ("StorageReady", "False", "ClientError", "connection refused")
PULLING = (
    "MilvusReady", "False", "MilvusComponentNotHealthy",
    "[standalone] not ready, detail: container[standalone]: waiting: ErrImagePull: no such host",
)  # fmt: skip


def ended(times: int, reason: str) -> tuple[str, str, str, str]:
    """As the Milvus operator 1.3.7 tells of a container that ended."""
    pod = "component[standalone]: pod[shop-milvus-milvus-standalone-86d748466b-xbc4b]: container[standalone]:"
    said = f"[standalone] not ready, detail: {pod} restartCount[{times}] lastState[terminated] reason[{reason}]"
    return ("MilvusReady", "False", "MilvusComponentNotHealthy", said)


@pytest.mark.parametrize(
    ("live", "verdict", "reason", "says"),
    [
        (None, Verdict.WAIT, "Creating", "is being created"),
        (milvus(), Verdict.WAIT, "Starting", "whether that runs and watches this namespace"),
        (milvus("Healthy"), Verdict.OK, "Running", "is healthy"),
        (milvus("Pending"), Verdict.WAIT, "Starting", "is pending"),
        (milvus("Pending", ETCD, STORAGE), Verdict.WAIT, "Starting", "EtcdReady is False: EtcdNotReady: [shop-milvus-etcd"),
        (milvus("Pending", ETCD), Verdict.WAIT, "Starting", "`kubectl describe statefulset shop-milvus-etcd` tells whether"),
        (milvus("Pending", AWAY), Verdict.WAIT, "Starting", "`kubectl describe deployment shop-milvus-minio` tells whether"),
        (milvus("Unhealthy", STORAGE, ETCD), Verdict.FAIL, "MilvusUnhealthy", "EtcdReady is False"),
        (milvus("Pending", STORAGE, PULLING), Verdict.FAIL, "ImagePullBackOff", "no such host"),
        (milvus("Pending", ended(2, "Error")), Verdict.WAIT, "Starting", "restartCount[2]"),
        (milvus("Pending", ended(3, "Error")), Verdict.FAIL, "CrashLoopBackOff", "restartCount[3]"),
        (milvus("Unhealthy", ended(1, "OOMKilled")), Verdict.FAIL, "OOMKilled", "restartCount[1]"),
        (milvus("Stopped"), Verdict.STUCK, "ScaledToZero", "raise its replicas"),
        (
            milvus("Deleting", deletionTimestamp="2026-11-26T21:00:00Z", finalizers=["milvus.milvus.io/finalizer"]),
            Verdict.WAIT, "Creating", "held by milvus.milvus.io/finalizer",
        ),
    ],
)  # fmt: skip
def test_the_leaf_that_keeps_a_milvus_from_being_ready_is_named(
    live: dict[str, Any] | None, verdict: Verdict, reason: str, says: str
) -> None:
    check = check_milvus("shop-milvus", live, served=True)
    assert (check.verdict, check.reason) == (verdict, reason)
    assert says in check.message


def test_a_milvus_that_was_healthy_before_the_last_change_is_not_yet() -> None:
    live = milvus("Healthy")
    live["status"]["observedGeneration"] = 1
    assert check_milvus("shop-milvus", live, served=True).verdict is Verdict.WAIT


def test_without_its_kind_nothing_helps_but_to_install_it() -> None:
    check = check_milvus("shop-milvus", None, served=False)
    assert (check.verdict, check.reason) == (Verdict.STUCK, "MilvusOperatorNotInstalled")
    assert "install the Milvus operator" in check.message


def test_what_stands_in_says_its_limit_and_how_to_lift_it() -> None:
    ready = ok("Running", "the store: 1/1 pods are ready")
    before, after = (check_fallback(ready, served=served) for served in (False, True))
    for check in (before, after):
        assert check.verdict is Verdict.OK
        assert "some hundred thousand chunks" in check.message
        assert "set spec.store.managed.fallback to Wait" in check.message
    assert "install it, then" in before.message
    assert "it is installed by now" in after.message
    starting = wait("Starting", "the store: 0/1 pods are ready")
    assert check_fallback(starting, served=False) == starting
