"""What a user applies appears, is repaired, and is counted."""

from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator
from tests.integration.test_controller.objects import chatbot, config_map, index, report


def ingestion_job(cluster: Cluster) -> str:
    jobs = cluster.until(lambda: cluster.all("jobs"))
    assert len(jobs) == 1
    return str(jobs[0]["metadata"]["name"])


def bring_up(cluster: Cluster) -> str:
    """Apply an index and a chatbot and let all pods run; the version that was published."""
    cluster.apply(config_map(), index(), chatbot())
    cluster.run_deployment("shop-milvus")
    job = ingestion_job(cluster)
    version = job.removeprefix("shop-ingest-")
    cluster.end_job(job, report(version))
    cluster.run_deployment("shop-retrieval")
    engine = cluster.until(lambda: cluster.all("deployments", "kefu.dev/engine"))[0]["metadata"]["name"]
    for name in (engine, "shop-redis", "shop-gateway"):
        cluster.run_deployment(name)
    cluster.until(lambda: cluster.condition("chatbot", "shop", "Ready").get("status") == "True")
    return version


def test_an_index_and_a_chatbot_become_ready(cluster: Cluster, operator: RunningOperator) -> None:
    version = bring_up(cluster)
    cluster.run("wait", "--for=condition=Ready", "chatbot/shop", "ki/shop", "--timeout=30s")
    status = (cluster.get("chatbot", "shop") or {})["status"]
    assert status["knowledge"] == version
    assert status["engine"]["summary"] == "1/1"
    assert status["url"] == f"http://shop-gateway.{cluster.namespace}.svc"
    assert status["observedGeneration"] == 1
    told = {each["type"]: each["status"] for each in status["conditions"]}
    assert told == {"Ready": "True", "EngineReady": "True", "KnowledgeReady": "True", "GatewayReady": "True",
                    "Progressing": "False", "Stalled": "False"}  # fmt: skip
    published = (cluster.get("ki", "shop") or {})["status"]["published"]
    assert (published["version"], published["documents"], published["chunks"]) == (version, 2, 3)
