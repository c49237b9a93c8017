"""`helm uninstall` on a real API server: it takes what it brought, and neither what users made nor what serves their customers."""

import json
from typing import Any

from tests.integration.test_controller.chart import CHART, helm
from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator
from tests.integration.test_controller.objects import chatbot_only

RELEASE = "departing"


def brought(cluster: Cluster) -> set[str]:
    """All that is of the release, of every kind that can be listed."""
    kinds = cluster.run("api-resources", "--verbs=list", "-o", "name").split()
    listed = cluster.run("get", ",".join(kinds), "-A", "-o", "json", "-l", "app.kubernetes.io/managed-by=Helm")
    found: list[dict[str, Any]] = json.loads(listed)["items"]
    return {
        f"{each['kind']}/{each['metadata']['name']}"
        for each in found
        if each["metadata"].get("annotations", {}).get("meta.helm.sh/release-name") == RELEASE
    }


def uids(cluster: Cluster, kinds: str, *words: str) -> set[str]:
    return {each["metadata"]["uid"] for each in json.loads(cluster.run("get", kinds, "-o", "json", *words))["items"]}


def test_uninstalling_leaves_nothing_unasked_and_takes_nothing_that_serves(
    cluster: Cluster, operator: RunningOperator
) -> None:
    chatbot_only(cluster)
    ours = "deployments,statefulsets,services,configmaps,secrets,pvc"
    users, made = uids(cluster, "chatbots,ki"), uids(cluster, ours)
    where = ("--kubeconfig", str(cluster.plane.kubeconfig), "--namespace", cluster.namespace)
    # The test's CRDs are there already, and become the release's.
    done = helm("install", RELEASE, str(CHART), *where, "--take-ownership", "--force-conflicts")
    assert done.returncode == 0, done.stderr
    everything = brought(cluster)
    assert {"Deployment/departing-operator", "ClusterRole/departing-operator", "Lease/departing-operator"} <= everything
    assert len(everything) > 20

    done = helm("uninstall", RELEASE, *where, "--wait", "--timeout", "30s")
    assert done.returncode == 0, done.stderr
    left = brought(cluster)
    assert left == {
        "CustomResourceDefinition/chatbotdeployments.kefu.dev",
        "CustomResourceDefinition/knowledgeindexes.kefu.dev",
    }
    assert uids(cluster, "secrets", "-l", "owner=helm") == set()
    assert uids(cluster, "chatbots,ki") == users
    assert made <= uids(cluster, ours)

    # Nothing waits for an operator that is gone.
    operator.stop()
    held = json.loads(cluster.run("get", f"chatbots,ki,{ours}", "-o", "json"))["items"]
    finalizers = {name for each in held for name in each["metadata"].get("finalizers", ())}
    assert finalizers <= {"kubernetes.io/pvc-protection"}, "Kubernetes' own alone"
    cluster.run("delete", "chatbot/shop", "--timeout=10s")
    assert cluster.get("chatbot", "shop") is None
