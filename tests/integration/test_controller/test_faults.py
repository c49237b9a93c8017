"""Faults that users and clusters make: each ends in a named condition and in no defect, and heals when its cause goes."""

import json
import subprocess
import time
from typing import Any

from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator
from tests.integration.test_controller.objects import (
    chatbot,
    chatbot_only,
    config_map,
    endpoint_chatbot,
    index,
    report,
    run_chatbot,
)
from tests.integration.test_controller.test_knowledge import publish
from tests.integration.test_controller.test_leaves import container, scheduled

OURS = "app.kubernetes.io/managed-by=kefu-operator"
LONGEST = "a" + "b" * 38 + "c"
"""40 characters: what is derived from a name has 63 at most."""


def defects(operator: RunningOperator) -> float:
    families = operator.operator.registry.collect()
    samples = (sample for family in families for sample in family.samples)
    return sum(
        each.value for each in samples if each.labels.get("outcome") == "defect" and each.name.endswith("_total")
    )


def uids(cluster: Cluster, kinds: str) -> dict[str, str]:
    return {f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["uid"] for each in cluster.all(kinds, OURS)}


def test_children_that_are_deleted_by_force_come_back(cluster: Cluster, operator: RunningOperator) -> None:
    chatbot_only(cluster)
    kinds = "deployments,statefulsets,services,configmaps,hpa,pdb"
    before = uids(cluster, kinds)
    assert len(before) >= 7
    cluster.run("delete", kinds, "-l", OURS, "--force", "--grace-period=0", "--wait=false")
    started = time.monotonic()
    cluster.until(lambda: uids(cluster, kinds).keys() == before.keys())
    print(f"{len(before)} children came back after {time.monotonic() - started:.1f} s")
    after = uids(cluster, kinds)
    assert not set(after.values()) & set(before.values())
    run_chatbot(cluster)
    cluster.until_reason("chatbot", "shop", "GatewayReady", "Running")
    assert defects(operator) == 0


def test_a_namespace_that_is_deleted_amid_the_work(cluster: Cluster, operator: RunningOperator) -> None:
    chatbot_only(cluster)
    cluster.run("delete", "namespace", cluster.namespace, "--wait=false")
    cluster.until(lambda: "Terminating" in cluster.run("get", "namespace", cluster.namespace, "--no-headers"))
    # The namespace's content goes bit by bit, and what is gone cannot be made again.
    cluster.run("delete", "service/shop-gateway", "configmap/shop-release")
    condition = cluster.until_reason("chatbot", "shop", "GatewayReady", "NamespaceTerminating")
    assert "being deleted" in condition["message"]
    cluster.run("delete", "chatbot/shop")
    time.sleep(2)
    assert defects(operator) == 0


def test_a_secret_that_is_missing_and_appears(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(endpoint_chatbot(access={"apiKeysSecret": {"name": "customers"}}))
    found = cluster.until(lambda: cluster.get("deployment", "shop-gateway"))
    cluster.run_deployment("shop-redis", "statefulset")
    waiting = container(
        "gateway", waiting={"reason": "CreateContainerConfigError", "message": 'secret "customers" not found'}
    )
    cluster.make_pod("shop-gateway", found["spec"]["template"],
                     {"phase": "Pending", "conditions": [scheduled()], "containerStatuses": [waiting]})  # fmt: skip
    cluster.until_reason("chatbot", "shop", "GatewayReady", "SecretNotFound")
    cluster.run("create", "secret", "generic", "customers", "--from-literal=a=b")
    cluster.patch_status("pod", "shop-gateway-0", {"phase": "Running", "containerStatuses": [
        {**container("gateway", running={"startedAt": "2026-01-01T00:00:00Z"}), "ready": True}]})  # fmt: skip
    cluster.run_deployment("shop-gateway")
    cluster.until_reason("chatbot", "shop", "GatewayReady", "Running")


def test_two_chatbots_share_an_index_that_is_deleted_and_comes_back(
    cluster: Cluster, operator: RunningOperator
) -> None:
    names = ("shop", "outlet")
    cluster.apply(*(endpoint_chatbot(name) for name in names))
    publish(cluster)
    for name in names:
        cluster.until_reason("chatbot", name, "KnowledgeReady", "Published")
    before = uids(cluster, "deployments,services")
    cluster.run("delete", "ki/shop")
    for name in names:
        condition = cluster.until_reason("chatbot", name, "KnowledgeReady", "IndexNotFound")
        assert "KnowledgeIndex shop does not exist" in condition["message"]
        assert cluster.condition("chatbot", name, "Stalled")["status"] == "True"
    gateways = {name: uid for name, uid in before.items() if name.endswith("-gateway")}
    assert gateways.items() <= uids(cluster, "deployments,services").items()
    # There is no garbage collector here; in a cluster what the index made goes with it.
    cluster.run("delete", "deployments,services,configmaps,jobs", "-l", "kefu.dev/owned-by=KnowledgeIndex.shop")
    publish(cluster)
    for name in names:
        cluster.until_reason("chatbot", name, "KnowledgeReady", "Published")
    assert defects(operator) == 0


def test_the_longest_name_that_is_let_in_works(cluster: Cluster, operator: RunningOperator) -> None:
    golden = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "golden"},
              "data": {"golden.yaml": "- {question: 能退货吗？, source: faq}"}}  # fmt: skip
    judged: dict[str, Any] = {
        "evaluation": {
            "questions": {"configMap": {"name": "golden"}},
            "gates": [{"metric": "recallAt10", "atLeast": "0.5"}],
        }
    }
    cluster.apply(config_map(), golden, index(LONGEST, **judged), chatbot(LONGEST, knowledge=[{"name": LONGEST}]))
    cluster.run_deployment(f"{LONGEST}-milvus")
    job = str(cluster.until(lambda: cluster.all("jobs"))[0]["metadata"]["name"])
    assert len(job) <= 63
    cluster.end_job(job, report(job.removeprefix(f"{LONGEST}-ingest-").partition("-")[0]))
    engine = cluster.until(lambda: cluster.all("deployments", "kefu.dev/engine"))[0]["metadata"]["name"]
    for name in (engine, f"{LONGEST}-retrieval"):
        cluster.run_deployment(name)
    run_chatbot(cluster, LONGEST)
    cluster.until(lambda: cluster.condition("chatbot", LONGEST, "GatewayReady").get("status") == "True")
    made = cluster.all("deployments,statefulsets,services,configmaps,hpa,pdb,pvc,jobs", OURS)
    assert len(made) > 10
    assert defects(operator) == 0


def test_a_name_of_63_characters_is_refused_with_a_remedy(cluster: Cluster) -> None:
    for made in (index("a" * 63), chatbot("a" * 63)):
        done = _apply(cluster, made)
        assert done.returncode != 0
        assert "at most 40" in done.stderr


def _apply(cluster: Cluster, made: dict[str, Any]) -> "subprocess.CompletedProcess[str]":
    command = [str(cluster.plane.kubectl), "--kubeconfig", str(cluster.plane.kubeconfig), "-n", cluster.namespace]
    return subprocess.run(
        [*command, "apply", "--server-side", "-f", "-"], input=json.dumps(made), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
