"""An hour in which nothing happens: everything is looked at again and again, and nothing is written."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from kefu_operator.apply import Applier
from kefu_operator.desired.images import Images
from kefu_operator.discovery import Discovery
from kefu_operator.metrics import Metrics
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.reconcile.chatbot import ChatbotReconciler
from kefu_operator.reconcile.engines import EnginesReconciler
from kefu_operator.reconcile.knowledge import KnowledgeReconciler
from kefu_operator.reconcile.refusals import RefusalBoard
from tests.integration.test_controller.chaos import clients
from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.objects import chatbot, config_map, index

LOOK = timedelta(minutes=4)
"""Shorter than the operator's own ten minutes between two looks at everything, longer than it leaves Secrets alone."""


async def test_in_a_steady_hour_nothing_is_written(cluster: Cluster, kubeconfig: Path) -> None:
    cluster.apply(config_map(), index(), chatbot())
    moment = datetime.now(UTC)
    async with clients(cluster.plane.kubeconfig, kubeconfig) as (_, client):
        applier = Applier(client, Metrics(CollectorRegistry()))
        images, plan, board, discovery = Images(), PlanSettings(), RefusalBoard(), Discovery(client)
        knowledge = KnowledgeReconciler(client, applier, images, discovery, now=lambda: moment)
        engines = EnginesReconciler(client, applier, images, plan, board, discovery, now=lambda: moment)
        chatbots = ChatbotReconciler(client, applier, images, plan, board, discovery, now=lambda: moment)

        async def look() -> None:
            await knowledge(cluster.namespace, "shop")
            for found in cluster.all("deployments", "kefu.dev/engine"):
                await engines(cluster.namespace, found["metadata"]["name"])
            await chatbots(cluster.namespace, "shop")

        await look()
        name = (cluster.get("chatbot", "shop") or {})["status"]["engine"]["name"]
        await engines(cluster.namespace, name)
        for workload, kind in (("shop-gateway", "deployment"), ("shop-redis", "statefulset"), (name, "deployment"),
                               ("shop-milvus", "deployment"), ("shop-retrieval", "deployment")):  # fmt: skip
            cluster.run_deployment(workload, kind)
        for _ in range(3):
            await look()
        since, end = cluster.audit_end, moment + timedelta(hours=1)
        while moment < end:
            moment += LOOK
            await look()
    assert [f"{write['verb']} {write['requestURI']}" for write in cluster.writes(since)] == []
