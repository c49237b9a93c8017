"""Volumes of models: nobody deletes by hand what a chatbot wants, and nobody else is held up. With the real controllers."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from hack.cluster.apiserver import ControlPlane

from tests.integration.apiserver.connection import Connection
from tests.integration.test_controller.chart import install_chart, rendered
from tests.integration.test_controller.cluster import OPERATOR_USER, Cluster
from tests.integration.test_controller.conftest import RunningOperator
from tests.integration.test_controller.objects import chatbot

MODELS = "kefu.dev/engine"
POLICIES = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with ControlPlane(controllers=True) as started:
        whole = Cluster(started, "default")
        install_chart(whole)
        policies = [found for found in rendered() if found["kind"] in POLICIES]
        whole.run("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": policies}))
        yield started


@pytest.fixture(scope="module")
def kubeconfig(plane: ControlPlane) -> Path:
    return plane.user(OPERATOR_USER)


def model(cluster: Cluster) -> dict[str, Any]:
    """The one claim of a model, held by its pods as the cluster's controllers see to it."""

    def held() -> list[dict[str, Any]]:
        return [each for each in cluster.all("pvc", MODELS) if each["metadata"].get("finalizers")]

    (found,) = cluster.until(held)
    return found


def delete(cluster: Cluster, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [str(cluster.plane.kubectl), "--kubeconfig", str(cluster.plane.kubeconfig), "-n", cluster.namespace]
    words = ("delete", "pvc", "--wait=false", *words)
    return subprocess.run([*command, *words], capture_output=True, text=True, timeout=60, check=False)


def send_delete(cluster: Cluster, what: str, options: dict[str, Any] | None = None) -> int:
    """As an administrator, without kubectl; the HTTP status."""
    path = f"/api/v1/namespaces/{cluster.namespace}/persistentvolumeclaims{what}"
    with closing(Connection(cluster.plane.kubeconfig)) as connection:
        return connection.request("DELETE", path, options).status


def is_guarded(cluster: Cluster, name: str) -> bool:
    """The API server takes a moment to learn of a policy."""
    return delete(cluster, name, "--dry-run=server").returncode != 0


def is_going(cluster: Cluster, name: str) -> bool:
    found = cluster.get("pvc", name)
    return found is None or "deletionTimestamp" in found["metadata"]


def test_nobody_deletes_by_hand_what_a_chatbot_wants_and_the_refusal_names_it(
    cluster: Cluster, operator: RunningOperator
) -> None:
    cluster.apply(chatbot("shop"), chatbot("outlet"))
    name = model(cluster)["metadata"]["name"]
    cluster.until(lambda: is_guarded(cluster, name))
    engine = name.removesuffix("-model")
    cluster.until(lambda: f"chatbots outlet, shop want {engine}" in delete(cluster, name, "--dry-run=server").stderr)
    assert f"pvc/{name} kefu.dev/delete=yes" in delete(cluster, name).stderr
    # A user's own claim goes, and ours stays.
    other = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    cluster.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "own"}, "spec": other})
    assert delete(cluster, "--all").returncode != 0
    assert is_going(cluster, "own")
    assert send_delete(cluster, f"?labelSelector={MODELS}") == HTTPStatus.FORBIDDEN
    assert not is_going(cluster, name)


def test_who_says_that_it_is_meant_gets_a_new_volume(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(chatbot())
    before = model(cluster)["metadata"]
    cluster.until(lambda: is_guarded(cluster, before["name"]))
    cluster.run("annotate", f"pvc/{before['name']}", "kefu.dev/delete=yes")
    done = delete(cluster, before["name"])
    assert done.returncode == 0, done.stderr
    cluster.until(lambda: [each for each in cluster.all("pvc", MODELS) if each["metadata"]["uid"] != before["uid"]])
    cluster.until(lambda: is_guarded(cluster, before["name"]))


def test_the_operator_deletes_what_no_chatbot_wants_any_more(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(chatbot())
    name = model(cluster)["metadata"]["name"]
    cluster.until(lambda: is_guarded(cluster, name))
    cluster.apply(chatbot(model={"uri": "https://models.example/other.gguf"}))
    cluster.until(lambda: is_going(cluster, name))


def test_the_garbage_collector_deletes_what_chatbots_leave_while_the_operator_is_away(
    cluster: Cluster, operator: RunningOperator
) -> None:
    cluster.apply(chatbot())
    name = model(cluster)["metadata"]["name"]
    cluster.until(lambda: is_guarded(cluster, name))
    operator.stop()
    cluster.run("delete", "chatbot/shop")
    cluster.until(lambda: is_going(cluster, name))


def test_a_controller_is_let_through_whichever_user_it_runs_as(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(chatbot())
    meta = model(cluster)["metadata"]
    cluster.until(lambda: is_guarded(cluster, meta["name"]))
    operator.stop()
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": meta["uid"]}, "dryRun": ["All"]}
    assert send_delete(cluster, f"/{meta['name']}", options) == HTTPStatus.OK
    acting = ("--as=system:serviceaccount:kube-system:janitor", "--as-group=system:serviceaccounts:kube-system",
              "--as-group=system:masters")  # fmt: skip
    assert delete(cluster, meta["name"], "--dry-run=server", *acting).returncode == 0
    assert delete(cluster, meta["name"], "--dry-run=server", *acting[:1], acting[2]).returncode != 0


def test_a_namespace_goes_with_its_models(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(chatbot())
    name = model(cluster)["metadata"]["name"]
    cluster.until(lambda: is_guarded(cluster, name))
    operator.stop()
    cluster.run("delete", "namespace", cluster.namespace, "--timeout=60s")
