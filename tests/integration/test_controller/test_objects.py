"""What a user applies appears, is repaired, and is counted."""

import json
import time
from pathlib import Path

from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator, reconciles, settings, total
from tests.integration.test_controller.objects import chatbot, config_map, endpoint_chatbot, index, report, run_chatbot


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
    cluster.run_deployment(engine)
    run_chatbot(cluster)
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
    assert told == {"Ready": "True", "EngineReady": "True", "KnowledgeReady": "True", "GatewayReady": "True", "Released": "True",
                    "GatewayScalingActive": "False", "Progressing": "False", "Stalled": "False"}  # fmt: skip
    published = (cluster.get("ki", "shop") or {})["status"]["published"]
    assert (published["version"], published["documents"], published["chunks"]) == (version, 2, 3)


def test_a_restart_over_settled_objects_writes_nothing(cluster: Cluster, kubeconfig: Path) -> None:
    first = RunningOperator(settings(kubeconfig, cluster.namespace))
    bring_up(cluster)
    first.stop()
    since = cluster.audit_end
    second = RunningOperator(settings(kubeconfig, cluster.namespace))
    cluster.until(lambda: second.is_ready)
    cluster.until(lambda: reconciles(second) >= 3)
    time.sleep(3)
    skipped = total(second, "kefu_operator_writes_skipped_total")
    second.stop()
    assert [f"{write['verb']} {write['requestURI']}" for write in cluster.writes(since)] == []
    assert skipped >= 15


def test_a_foreign_change_is_repaired_and_foreign_additions_are_left(
    cluster: Cluster, operator: RunningOperator
) -> None:
    bring_up(cluster)
    cluster.run("annotate", "deployment/shop-gateway", "team=blue")
    cluster.run("set", "image", "deployment/shop-gateway", "gateway=evil:1")
    cluster.run("patch", "service/shop-gateway", "--type=json", "-p",
                '[{"op":"replace","path":"/spec/ports/0/targetPort","value":9090}]')  # fmt: skip

    def repaired() -> bool:
        deployment = cluster.get("deployment", "shop-gateway") or {}
        service = cluster.get("service", "shop-gateway") or {}
        image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
        return bool(image == "kefu.local/gateway:dev" and service["spec"]["ports"][0]["targetPort"] == "http")

    cluster.until(repaired)
    deployment = cluster.get("deployment", "shop-gateway") or {}
    assert deployment["metadata"]["annotations"]["team"] == "blue"


def test_a_deleted_child_comes_back(cluster: Cluster, operator: RunningOperator) -> None:
    bring_up(cluster)
    cluster.run("delete", "service/shop-redis", "configmap/shop-release", "pdb/shop-gateway")
    assert cluster.until(lambda: cluster.get("service", "shop-redis"))
    assert cluster.until(lambda: cluster.get("configmap", "shop-release"))
    assert cluster.until(lambda: cluster.get("pdb", "shop-gateway"))


def test_replicas_belong_to_the_autoscaler(cluster: Cluster, operator: RunningOperator) -> None:
    bring_up(cluster)
    cluster.run("scale", "deployment/shop-gateway", "--replicas=5")
    cluster.apply(chatbot(persona={"name": "小库"}))
    cluster.until(lambda: "小库" in (cluster.get("configmap", "shop-release") or {})["data"]["release.json"])
    deployment = cluster.get("deployment", "shop-gateway") or {}
    assert deployment["spec"]["replicas"] == 5
    ours = next(each for each in deployment["metadata"]["managedFields"] if each["manager"] == "kefu-operator")
    assert "f:replicas" not in ours["fieldsV1"]["f:spec"]


def test_a_changed_persona_changes_the_release_and_no_pod(cluster: Cluster, operator: RunningOperator) -> None:
    bring_up(cluster)
    before = cluster.get("deployment", "shop-gateway") or {}
    old = (cluster.get("chatbot", "shop") or {})["status"]["release"]
    cluster.apply(chatbot(persona={"name": "小库", "prompt": "简短。"}))
    cluster.until(lambda: (cluster.get("chatbot", "shop") or {})["status"]["release"] != old)
    after = cluster.get("deployment", "shop-gateway") or {}
    assert after["metadata"]["generation"] == before["metadata"]["generation"]


def test_an_endpoint_needs_no_engine(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(endpoint_chatbot())
    condition = cluster.until_reason("chatbot", "shop", "EngineReady", "Endpoint")
    assert condition["status"] == "True"
    assert cluster.all("deployments", "kefu.dev/engine") == []


def test_everything_that_a_chatbot_made_goes_with_it(cluster: Cluster, operator: RunningOperator) -> None:
    bring_up(cluster)
    uid = (cluster.get("chatbot", "shop") or {})["metadata"]["uid"]
    kinds = "deployments,services,configmaps,hpa,pdb,secrets,pvc,networkpolicies"
    ours = [
        found for found in cluster.all(kinds, "app.kubernetes.io/managed-by=kefu-operator")
        if found["metadata"]["labels"].get("kefu.dev/owned-by") != "KnowledgeIndex.shop"
    ]  # fmt: skip
    assert {found["kind"] for found in ours} == {
        "Deployment", "Service", "ConfigMap", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Secret",
        "PersistentVolumeClaim", "NetworkPolicy",
    }  # fmt: skip
    assert all([owner["uid"] for owner in found["metadata"]["ownerReferences"]] == [uid] for found in ours)


def test_secrets_are_made_once_and_stay(cluster: Cluster, operator: RunningOperator) -> None:
    bring_up(cluster)
    before = (cluster.get("secret", "shop-api-key") or {})["data"]["key"]
    assert len(before) > 40
    cluster.apply(chatbot(budget={"tokens": 100}))
    cluster.until(lambda: (cluster.get("chatbot", "shop") or {})["status"]["observedGeneration"] == 2)
    assert (cluster.get("secret", "shop-api-key") or {})["data"]["key"] == before


def test_hand_offs_bring_a_key_for_people_and_no_new_engine(cluster: Cluster, operator: RunningOperator) -> None:
    bring_up(cluster)
    engine = cluster.all("deployments", "kefu.dev/engine")[0]["metadata"]
    gateway = cluster.get("deployment", "shop-gateway") or {}
    assert cluster.get("secret", "shop-desk-key") is None
    cluster.apply(chatbot(handoff={"below": "0.7"}))
    cluster.until(lambda: cluster.get("secret", "shop-desk-key"))
    command = cluster.until(lambda: desk_of(cluster))
    assert command[command.index("--desk-keys") + 1] == "/etc/kefu/desk-keys"
    document = (cluster.get("configmap", "shop-release") or {})["data"]["release.json"]
    assert json.loads(document)["variants"][0]["release"]["handoff"] == {"onRequest": True, "below": 0.7}
    [kept] = cluster.all("deployments", "kefu.dev/engine")
    assert kept["metadata"]["name"] == engine["name"]
    cluster.apply(chatbot())
    cluster.until(lambda: not desk_of(cluster))
    back = cluster.get("deployment", "shop-gateway") or {}
    assert (
        back["spec"]["template"]["spec"]["containers"][0]["command"]
        == (gateway["spec"]["template"]["spec"]["containers"][0]["command"])
    )


def desk_of(cluster: Cluster) -> list[str]:
    """The gateway's command where it opens a desk."""
    [container] = (cluster.get("deployment", "shop-gateway") or {})["spec"]["template"]["spec"]["containers"]
    command = [*container.get("command", []), *container.get("args", [])]
    return command if "--desk-keys" in command else []


def test_kubectl_replace_is_survived(cluster: Cluster, operator: RunningOperator) -> None:
    bring_up(cluster)
    since = cluster.audit_end
    for made in (chatbot(), index()):
        cluster.replace(made)
    time.sleep(2)
    assert cluster.condition("chatbot", "shop", "Ready")["status"] == "True"
    assert [write["requestURI"] for write in cluster.writes(since)] == []


def test_a_foreign_object_of_a_wanted_name_is_left_alone(cluster: Cluster, operator: RunningOperator) -> None:
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop-release"}, "data": {"mine": "1"}}
    cluster.apply(theirs, endpoint_chatbot())
    condition = cluster.until_reason("chatbot", "shop", "GatewayReady", "NameConflict")
    assert "ConfigMap shop-release" in condition["message"]
    assert cluster.condition("chatbot", "shop", "Stalled")["status"] == "True"
    assert (cluster.get("configmap", "shop-release") or {})["data"] == {"mine": "1"}


def test_every_pod_is_let_in_by_the_strictest_pod_security(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.run("label", "namespace", cluster.namespace, "pod-security.kubernetes.io/enforce=restricted")
    bring_up(cluster)
    deployments = cluster.all("deployments,statefulsets", "app.kubernetes.io/managed-by=kefu-operator")
    assert len(deployments) == 5
    for found in deployments:
        cluster.make_pod(found["metadata"]["name"], found["spec"]["template"], {"phase": "Pending"}, "strict")


def test_a_volume_that_is_to_stay_outlives_another_store_and_its_chatbot(
    cluster: Cluster, operator: RunningOperator
) -> None:
    kept = {"store": {"redis": {"managed": {"deletionPolicy": "Retain"}}}}
    cluster.apply(endpoint_chatbot(session=kept))
    run_chatbot(cluster)
    uid = (cluster.get("pvc", "shop-redis-data") or {})["metadata"]["uid"]
    other = {"store": {"redis": {"external": {"url": "redis://redis.acme:6379/0"}}}}
    cluster.replace(endpoint_chatbot(session=other))
    cluster.until(lambda: cluster.get("statefulset", "shop-redis") is None)
    cluster.run("delete", "chatbot/shop", "--wait=true")
    found = cluster.get("pvc", "shop-redis-data") or {}
    assert found["metadata"]["uid"] == uid
    assert "deletionTimestamp" not in found["metadata"]
    assert not found["metadata"].get("ownerReferences")


def test_a_volume_goes_with_the_store_that_it_was_for(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(endpoint_chatbot())
    run_chatbot(cluster)
    other = {"store": {"redis": {"external": {"url": "redis://redis.acme:6379/0"}}}}
    cluster.replace(endpoint_chatbot(session=other))
    # Kubernetes' own finalizer keeps it while a pod mounts it.
    cluster.until(
        lambda: (
            "deletionTimestamp"
            in (cluster.get("pvc", "shop-redis-data") or {"metadata": {"deletionTimestamp": 1}})["metadata"]
        )
    )
