"""`helm uninstall` on a real API server: it takes what it brought, and neither what users made nor what serves their customers."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from hack.cluster.cache import binaries

from tests.integration.test_controller.chart import CHART, helm
from tests.integration.test_controller.cluster import Cluster, ended_job
from tests.integration.test_controller.conftest import RunningOperator
from tests.integration.test_controller.objects import chatbot_only, index
from tests.integration.test_controller.process import OperatorProcess, killed_at_the_end

RELEASE = "departing"
NAME = f"{RELEASE}-operator"
FINALIZER = "kefu.dev/external-store"
LEFT = {"CustomResourceDefinition/chatbotdeployments.kefu.dev", "CustomResourceDefinition/knowledgeindexes.kefu.dev"}
"""With them all chatbots would go."""


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


def where(cluster: Cluster) -> tuple[str, ...]:
    return ("--kubeconfig", str(cluster.plane.kubeconfig), "--namespace", cluster.namespace)


def install(cluster: Cluster, *words: str) -> None:
    """The chart; the test's CRDs are there already, and become the release's."""
    done = helm("install", RELEASE, str(CHART), *where(cluster), "--take-ownership", "--force-conflicts", *words)
    assert done.returncode == 0, done.stderr


def as_the_operator(cluster: Cluster, folder: Path) -> Path:
    """A kubeconfig of the release's own service account."""
    config = yaml.safe_load(cluster.plane.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": cluster.run("create", "token", NAME).strip()}
    path = folder / "operator.kubeconfig"
    path.write_text(json.dumps(config))
    return path


@contextmanager
def uninstalling(cluster: Cluster) -> Iterator[subprocess.Popen[str]]:
    command = [str(binaries() / "helm"), "uninstall", RELEASE, *where(cluster), "--wait", "--timeout", "60s"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run_job(cluster: Cluster, job: dict[str, Any], kubeconfig: Path) -> str:
    """What the pod of the Job does, as the service account of its pod; its log."""
    pod = job["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == NAME
    [container] = pod["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    command = [sys.executable, *container["command"][1:]]
    environment = os.environ | environment | {"KUBECONFIG": str(kubeconfig)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_index_of_an_external_store_waits_for_no_operator_that_is_gone(cluster: Cluster, tmp_path: Path) -> None:
    gone = f"{cluster.namespace}-gone"
    cluster.run("create", "namespace", gone)
    install(cluster, "--set", f"watchNamespaces={{{gone},{cluster.namespace}}}")
    # As where the namespace was deleted: its Roles went with it.
    cluster.run("delete", "role,rolebinding", "--all", "--namespace", gone)
    kubeconfig = as_the_operator(cluster, tmp_path)
    with killed_at_the_end() as started:
        lease = f"{cluster.namespace}/{NAME}"
        started.append(OperatorProcess("v1", kubeconfig, cluster.namespace, tmp_path, KEFU_LEASE=lease))
        external = {"external": {"uri": "http://milvus.milvus:19530", "deletionPolicy": "Delete"}}
        cluster.apply(index(store=external))
        cluster.until(lambda: FINALIZER in finalizers(cluster), 60)

        with uninstalling(cluster) as helms:
            job = cluster.until(lambda: cluster.get("job", f"{NAME}-uninstall"))
            log = run_job(cluster, job, kubeconfig)
            assert f"namespace {gone} is left out" in log
            assert f"{cluster.namespace}/shop: what it wrote stays in its store from now on" in log
            # The operator runs and sees the index changed, but does not lead.
            cluster.run("label", "ki", "shop", "seen=again")
            time.sleep(5)
            assert finalizers(cluster) == []
            cluster.patch_status("job", job["metadata"]["name"], ended_job())
            assert helms.wait(60) == 0, helms.communicate()[0]
        assert brought(cluster) == LEFT
        assert cluster.get("job", f"{NAME}-uninstall") is None
        cluster.run("delete", "ki/shop", "--timeout=10s")
        assert cluster.get("ki", "shop") is None


def finalizers(cluster: Cluster) -> list[str]:
    found: list[str] = (cluster.get("ki", "shop") or {"metadata": {}})["metadata"].get("finalizers", [])
    return found


def test_uninstalling_leaves_nothing_unasked_and_takes_nothing_that_serves(
    cluster: Cluster, operator: RunningOperator
) -> None:
    chatbot_only(cluster)
    ours = "deployments,statefulsets,services,configmaps,secrets,pvc"
    users, made = uids(cluster, "chatbots,ki"), uids(cluster, ours)
    install(cluster)
    everything = brought(cluster)
    assert {"Deployment/departing-operator", "ClusterRole/departing-operator", "Lease/departing-operator"} <= everything
    assert len(everything) > 20

    # Nothing runs pods here, those of hooks neither.
    done = helm("uninstall", RELEASE, *where(cluster), "--wait", "--timeout", "30s", "--no-hooks")
    assert done.returncode == 0, done.stderr
    assert brought(cluster) == LEFT
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
