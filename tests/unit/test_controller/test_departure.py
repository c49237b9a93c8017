"""An index that goes: one step a moment, and an end to all waiting."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kefu_operator import finalizers
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Owner, owned
from kefu_operator.desired.objects import removal_job
from kefu_operator.ingestion.departure import LIMIT, Departing, next_step
from kefu_operator.ingestion.jobs import JobView, State
from kefu_operator.plan.knowledge.removal import is_removed, plan_removal
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.pods import ContainerView, Ended, PodView
from tests.unit.test_plan.objects import index

NOW = datetime(2026, 11, 26, 21, 0, tzinfo=UTC)
EXTERNAL = {"external": {"uri": "https://milvus.milvus:19530", "database": "acme", "deletionPolicy": "Delete",
                         "credentialsSecret": {"name": "m", "key": "token"}, "caSecret": {"name": "ca", "key": "ca.crt"}}}  # fmt: skip
BEGUN = Departing(asked=NOW, wanted=True, removal=None, stale=None, others=(), pods=(), now=NOW)


def job(name: str, state: State = State.ACTIVE) -> JobView:
    return JobView({"metadata": {"name": name}}, name, state, NOW, None, "")


def pod(workload: str, phase: str = "Running", said: str = "") -> PodView:
    ended = Ended("Error", 65, said) if said else None
    container = ContainerView("remove", "retrieval", False, False, not said, 0, "", "", ended)
    return PodView(f"{workload}-0", workload, "ingestion", "", phase, False, False, "", True, (container,), "")


def failure(reason: str, *, temporary: bool) -> str:
    return f'{{"reason": "{reason}", "message": "the store says no", "temporary": {str(temporary).lower()}}}'


REMOVAL = job("shop-remove")
FAILED = job("shop-remove", State.FAILED)
REFUSED = pod("shop-remove", "Failed", failure("StoreRefused", temporary=False))
AWAY = pod("shop-remove", "Failed", failure("StoreUnreachable", temporary=True))


def test_what_writes_is_stopped_before_anything_is_dropped() -> None:
    building = job("shop-ingest-v1")
    step = next_step(replace(BEGUN, others=(building, job("shop-publish-v0", State.COMPLETE))))
    assert (step.delete, step.create, step.done) == ((building.live,), False, False)
    still = next_step(replace(BEGUN, pods=(pod("shop-ingest-v1"),)))
    assert (still.delete, still.create, still.done) == ((), False, False)
    assert next_step(replace(BEGUN, pods=(pod("shop-ingest-v1", "Succeeded"),))).create


def test_then_one_job_drops_it_and_the_index_goes() -> None:
    assert next_step(BEGUN).create
    running = next_step(replace(BEGUN, removal=REMOVAL, pods=(pod("shop-remove"),)))
    assert not (running.create or running.done)
    assert running.check and "Job shop-remove runs" in running.check.message
    done = next_step(replace(BEGUN, removal=job("shop-remove", State.COMPLETE)))
    assert (done.done, done.left) == (True, "")


def test_a_job_of_an_index_before_proves_nothing() -> None:
    step = next_step(replace(BEGUN, stale=job("shop-remove", State.COMPLETE)))
    assert not (step.done or step.create)
    assert len(step.delete) == 1


def test_a_store_that_refuses_is_not_asked_again() -> None:
    step = next_step(replace(BEGUN, removal=FAILED, pods=(REFUSED,)))
    assert step.done
    assert step.left == "StoreRefused: the store says no"


def test_a_store_that_is_away_is_asked_again_until_the_limit() -> None:
    away = replace(BEGUN, removal=FAILED, pods=(AWAY,))
    step = next_step(away)
    assert (step.done, step.delete) == (False, (FAILED.live,))
    assert step.check and "StoreUnreachable: the store says no" in step.check.message
    ended = next_step(replace(away, now=NOW + LIMIT))
    assert ended.done
    assert "within 10 minutes" in ended.left
    assert "StoreUnreachable" in ended.left


@pytest.mark.parametrize("removal", [None, REMOVAL, FAILED])
def test_nothing_waits_longer_than_the_limit(removal: JobView | None) -> None:
    held = replace(BEGUN, removal=removal, others=(job("shop-ingest-v1"),), now=NOW + LIMIT + timedelta(seconds=1))
    assert next_step(held).done


def test_who_changes_his_mind_is_let_go_at_once() -> None:
    step = next_step(replace(BEGUN, wanted=False))
    assert (step.done, step.left) == (True, "")


def test_the_job_is_nobodys_and_needs_nothing_of_ours() -> None:
    found = index({"store": EXTERNAL})
    assert is_removed(found)
    made = removal_job(
        plan_removal(found, ClusterPlacement("acme")), owned("acme", Owner("KnowledgeIndex", "shop", "uid")), Images()
    )
    assert "ownerReferences" not in made["metadata"]
    assert made["metadata"]["labels"]["kefu.dev/owned-by"] == "KnowledgeIndex.shop", "its end wakes the index"
    pod = made["spec"]["template"]["spec"]
    assert [volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume] == ["m", "ca"]
    assert not any("configMap" in volume for volume in pod["volumes"])
    (container,) = pod["containers"]
    assert container["command"][2:] == [
        "kefu_retrieval", "remove", "--uri", "https://milvus.milvus:19530", "--alias", "kefu_d21b2cdf_shop",
        "--database", "acme", "--token-file", "/etc/kefu/store-token/token", "--ca-file", "/etc/kefu/store-ca/ca.crt",
    ]  # fmt: skip


def test_a_finalizer_is_found_among_those_of_others() -> None:
    owner: dict[str, Any] = {
        "apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex",
        "metadata": {"name": "shop", "namespace": "acme", "uid": "1", "finalizers": ["other/one", "kefu.dev/external-store"]},
    }  # fmt: skip
    assert finalizers.letting_go(owner, "kefu.dev/external-store")[-1] == {
        "op": "remove",
        "path": "/metadata/finalizers/1",
    }
    assert finalizers.holding(owner, "kefu.dev/external-store")["metadata"] == {
        "name": "shop", "namespace": "acme", "uid": "1", "finalizers": ["kefu.dev/external-store"]
    }  # fmt: skip
