"""One real vLLM in two pods (its CPU build, a part of each layer in each), which begin together and end together.

The node of the tests is one, and has no LeaderWorkerSet: this is the way of the StatefulSets. Three starts of vLLM keep two cores
busy for minutes, so this has a target of its own: `make test-nodes`. What is decided and made is proven in the suite
(`tests/integration/test_controller/test_nodes.py`).
"""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hack.stack.install import Stack
from hack.stack.kube import Kube

from kefu_api.wire.chat import Outcome
from tests.e2e.asking import ask
from tests.e2e.space import restricted
from tests.e2e.vllm import URI, make_weights, wait_ready

ASKED = "KEFU_TEST_NODES"
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.model,
    pytest.mark.skipif(not os.environ.get(ASKED), reason="takes minutes: make test-nodes"),
]

NAMESPACE = "vllm-nodes-e2e"
FAQ = '- {question: "How much is express delivery?", answer: Express delivery costs 23 yuan an order.}'


@pytest.fixture(scope="module")
def kube(stack: Stack, vllm_image: Callable[[], str]) -> Iterator[Kube]:
    """The cluster with the image and the weights that this test alone needs, on a volume that several pods mount."""
    make_weights()
    stack.change(f"images.vllmCpu={vllm_image()}", "modelVolumes.shared=true")
    with restricted(stack.kube, NAMESPACE):
        yield stack.kube
    stack.change("modelVolumes.shared=false")


@pytest.fixture(scope="module")
def chatbot(kube: Kube) -> str:
    """The name of a chatbot on a vLLM of two pods, Ready."""
    spec = {
        "model": {"uri": URI, "size": "2Gi"},
        "engine": {"vllm": {"nodes": 2, "maxModelLen": 4096}, "resources": {"cpu": "250m", "memory": "5Gi"}},
        "knowledge": [{"name": "faq"}],
        "scaling": {"gateway": {"min": 1, "max": 2}},
        "budget": {"total": "3m", "tokens": 64},
    }
    index = {"sources": [{"name": "faq", "format": "FAQ", "inline": FAQ}]}
    kube.apply(
        {"apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex", "metadata": {"name": "faq"}, "spec": index},
        {"apiVersion": "kefu.dev/v1alpha1", "kind": "ChatbotDeployment", "metadata": {"name": "wide"}, "spec": spec},
        namespace=NAMESPACE,
    )
    wait_ready(kube, "wide", NAMESPACE)
    return "wide"


def pod(kube: Kube, component: str) -> dict[str, Any]:
    """The only pod of the engine's component."""
    (found,) = kube.list("pods", NAMESPACE, f"app.kubernetes.io/name=kefu-{component}")
    return found


def restarts(found: dict[str, Any]) -> int:
    (status,) = found["status"]["containerStatuses"]
    return int(status["restartCount"])


def answer(kube: Kube, chatbot: str) -> str:
    """To a question whose fact no model knows."""
    spec = kube.get("service", f"{chatbot}-gateway", NAMESPACE)["spec"]
    key = kube.secret(f"{chatbot}-api-key", "key", NAMESPACE)
    url = f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}"
    reply = ask(url, key, "How much is express delivery?", timeout=240)
    assert reply.outcome is Outcome.ANSWERED, reply
    return reply.answer


def test_two_pods_answer_as_one(kube: Kube, chatbot: str) -> None:
    assert "23" in answer(kube, chatbot)
    leader, worker = pod(kube, "engine"), pod(kube, "engine-worker")
    assert leader["metadata"]["name"].endswith("-nodes-0")
    assert worker["metadata"]["name"].endswith("-nodes-0-1")
    assert (restarts(leader), restarts(worker)) == (0, 0)
    said = kube.kubectl("logs", worker["metadata"]["name"], "-n", NAMESPACE)
    assert "world_size=2 rank=1" in said


def test_when_a_worker_is_lost_the_leader_begins_anew_with_its_successor(kube: Kube, chatbot: str) -> None:
    lost = pod(kube, "engine-worker")["metadata"]
    kube.kubectl("delete", f"pod/{lost['name']}", "-n", NAMESPACE, "--grace-period=0", "--force")
    deadline = time.monotonic() + 120
    while restarts(pod(kube, "engine")) == 0:
        assert time.monotonic() < deadline
        time.sleep(1)
    kube.kubectl("wait", "--for=condition=Ready=False", "chatbot/wide", "-n", NAMESPACE, "--timeout=60s")
    wait_ready(kube, "wide", NAMESPACE)
    assert pod(kube, "engine-worker")["metadata"]["uid"] != lost["uid"]
    assert "23" in answer(kube, chatbot)
