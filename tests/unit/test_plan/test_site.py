"""Which store an index has, as its spec, its past and the cluster say."""

from typing import Any

import pytest

from kefu_api.kinds.knowledge.index import KnowledgeIndexStatus
from kefu_api.kinds.knowledge.store import Site
from kefu_operator.kinds import Kinds
from kefu_operator.plan.knowledge.plan import plan_knowledge
from kefu_operator.plan.knowledge.site import where_of
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.resources import MILVUSES
from tests.unit.test_plan.objects import index

MANAGED: dict[str, Any] = {"managed": {}}
WAITING: dict[str, Any] = {"managed": {"fallback": "Wait"}}
EXTERNAL: dict[str, Any] = {"external": {"uri": "http://milvus:19530"}}
EMBEDDED: dict[str, Any] = {"embedded": {}}


def site(store: dict[str, Any], before: Site | None, *, served: bool) -> Site:
    found = index({"store": store}).model_copy(update={"status": KnowledgeIndexStatus(store=before)})
    return where_of(found, Kinds.of(MILVUSES) if served else Kinds()).site


@pytest.mark.parametrize(
    ("story", "store", "before", "served", "after"),
    [
        ("a new index has a Milvus where one can be made", MANAGED, None, True, "Managed"),
        ("a new index falls back where none can be made", MANAGED, None, False, "Fallback"),
        ("one that fell back stays when the kind comes", MANAGED, "Fallback", True, "Fallback"),
        ("one that fell back moves when it is asked to", WAITING, "Fallback", True, "Managed"),
        ("one with a Milvus keeps it while the kind is gone", MANAGED, "Managed", False, "Managed"),
        ("one that may not fall back waits", WAITING, None, False, "Managed"),
        ("one that had an embedded store is asked for a Milvus", MANAGED, "Embedded", True, "Managed"),
        ("one that had an embedded store keeps it where no Milvus can be made", MANAGED, "Embedded", False, "Fallback"),
        ("one that turns back to an embedded store gets it", EMBEDDED, "Managed", True, "Embedded"),
        ("one that turns to somebody else's gets that", EXTERNAL, "Managed", True, "External"),
    ],
)
def test_where_the_vectors_are(
    story: str, store: dict[str, Any], before: Site | None, served: bool, after: Site
) -> None:
    assert site(store, before, served=served) == after, story


def test_what_stands_in_has_the_volume_that_was_asked_for() -> None:
    asked = {"size": "40Gi", "storageClass": "csi.fast", "deletionPolicy": "Retain"}
    planned = plan_knowledge(index({"store": {"managed": asked}}), {}, ClusterPlacement("acme"))
    same = plan_knowledge(index({"store": {"embedded": asked}}), {}, ClusterPlacement("acme"))
    assert planned.store.workload == same.store.workload
    assert planned.store.milvus is None


def test_the_passwords_of_a_milvus_are_never_made_anew_under_running_pods() -> None:
    found = index({"store": WAITING})
    planned = plan_knowledge(found, {}, ClusterPlacement("acme"), where=where_of(found, Kinds.of(MILVUSES)))
    of_the_store = [secret for secret in planned.generated_secrets if secret.name.startswith("shop-milvus")]
    assert [secret.name for secret in of_the_store] == ["shop-milvus-root", "shop-milvus-minio"]
    assert not any(secret.followed for secret in of_the_store)


def test_the_longest_name_leaves_room_for_what_the_milvus_operator_makes_of_it() -> None:
    name = "a" * 40
    found = index({"store": MANAGED}, name)
    planned = plan_knowledge(found, {}, ClusterPlacement("acme"), where=where_of(found, Kinds.of(MILVUSES)))
    assert planned.store.milvus is not None
    releases = (f"{name}-milvus-etcd", f"{name}-milvus-minio")
    assert max(map(len, releases)) <= 53, "names of Helm releases"
    assert len(f"{name}-milvus-etcd-headless") <= 63, "names of Services"
