"""Tokens of an index: made before anything mounts them, never read, and made anew when they are deleted."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from kefu_operator.apply import Applier
from kefu_operator.desired.images import Images
from kefu_operator.discovery import Discovery
from kefu_operator.metrics import Metrics
from kefu_operator.reconcile.knowledge import KnowledgeReconciler
from tests.integration.test_controller.chaos import clients
from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.objects import config_map, index

NAMES = ("shop-token", "shop-milvus-token")


@dataclass
class Clock:
    """Moves when it is told to."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now


def values(cluster: Cluster) -> dict[str, str]:
    return {name: found["data"]["key"] for name in NAMES if (found := cluster.get("secret", name))}


def secret_writes(cluster: Cluster, since: int) -> list[str]:
    return [write["verb"] for write in cluster.writes(since) if write["objectRef"]["resource"] == "secrets"]


async def test_a_token_that_is_deleted_is_made_anew(cluster: Cluster, kubeconfig: Path) -> None:
    cluster.apply(config_map(), index())
    async with clients(cluster.plane.kubeconfig, kubeconfig) as (_, client):
        clock = Clock()
        applier = Applier(client, Metrics(CollectorRegistry()))
        reconcile = KnowledgeReconciler(client, applier, Images(), Discovery(client), now=clock)
        await reconcile(cluster.namespace, "shop")
        before = values(cluster)
        assert len(set(before.values())) == 2
        assert all(len(value) > 40 for value in before.values())
        assert not any((cluster.get("secret", name) or {}).get("immutable") for name in NAMES)

        cluster.run("delete", "secret", *NAMES)
        since = cluster.audit_end
        await reconcile(cluster.namespace, "shop")
        assert secret_writes(cluster, since) == [], "what is most likely there is not tried at each look"
        clock.now += timedelta(seconds=61)
        await reconcile(cluster.namespace, "shop")
        after = values(cluster)
        assert set(after) == set(NAMES)
        assert not set(after.values()) & set(before.values())

        restarted = KnowledgeReconciler(client, applier, Images(), Discovery(client), now=clock)
        since = cluster.audit_end
        await restarted(cluster.namespace, "shop")
        assert secret_writes(cluster, since) == []
        clock.now += timedelta(seconds=61)
        await restarted(cluster.namespace, "shop")
        assert values(cluster) == after, "what is there stays"


def test_a_token_is_in_no_other_object(cluster: Cluster, operator: object) -> None:
    cluster.apply(config_map(), index())
    cluster.until(lambda: cluster.get("deployment", "shop-retrieval"))
    cluster.run_deployment("shop-milvus")
    cluster.until(lambda: cluster.all("jobs"))
    held = cluster.run("get", "deployments,services,configmaps,jobs,ki,events", "-o", "json")
    for name in NAMES:
        secret = cluster.run("get", "secret", name, "-o", "jsonpath={.data.key}")
        assert secret
        assert secret not in held


async def test_an_index_that_is_named_like_anothers_store_has_tokens_of_its_own(
    cluster: Cluster, kubeconfig: Path
) -> None:
    cluster.apply(config_map(), index("shop"), index("shop-milvus"))
    async with clients(cluster.plane.kubeconfig, kubeconfig) as (_, client):
        applier = Applier(client, Metrics(CollectorRegistry()))
        reconcile = KnowledgeReconciler(client, applier, Images(), Discovery(client))
        for name in ("shop", "shop-milvus"):
            await reconcile(cluster.namespace, name)
    made = cluster.all("secrets")
    owners = [owner["name"] for each in made for owner in each["metadata"]["ownerReferences"]]
    assert sorted(owners) == ["shop", "shop", "shop-milvus", "shop-milvus"]
    assert len({each["data"]["key"] for each in made}) == 4
