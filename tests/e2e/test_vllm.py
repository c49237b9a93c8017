"""One real vLLM pod (its CPU build) that answers from knowledge, on a root that it cannot write."""

import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hack.stack.install import Stack
from hack.stack.kube import Kube

from kefu_api.wire.chat import Outcome
from tests.e2e.asking import ask
from tests.e2e.space import restricted
from tests.e2e.vllm import URI, make_weights, wait_ready

pytestmark = [pytest.mark.cluster, pytest.mark.model]

NAMESPACE = "vllm-e2e"
FAQ = """
- {question: 签收后几天之内可以退货？, answer: 签收后 12 天内可以无理由退货。}
- {question: "How much is express delivery?", answer: Express delivery costs 23 yuan an order.}
"""
OWNED = "deployments,services,configmaps,secrets,jobs,hpa,pdb,pvc,pods"


@pytest.fixture(scope="module")
def kube(stack: Stack, vllm_image: Callable[[], str]) -> Iterator[Kube]:
    """The cluster with the image and the weights that this test alone needs, and a restricted namespace."""
    make_weights()
    stack.change(f"images.vllmCpu={vllm_image()}")
    with restricted(stack.kube, NAMESPACE):
        yield stack.kube


@pytest.fixture(scope="module")
def chatbot(kube: Kube) -> str:
    """The name of a chatbot on vLLM, Ready."""
    kube.apply(*objects(), namespace=NAMESPACE)
    wait_ready(kube, "small", NAMESPACE)
    return "small"


def objects() -> tuple[dict[str, Any], ...]:
    """An index with two facts that no model knows, and a chatbot on vLLM without an accelerator."""
    sources = [{"name": "faq", "format": "FAQ", "inline": FAQ}]
    spec = {
        "model": {"uri": URI, "size": "2Gi"},
        "engine": {"vllm": {"maxModelLen": 4096}, "resources": {"memory": "8Gi"}},
        "knowledge": [{"name": "faq"}],
        "scaling": {"gateway": {"min": 1, "max": 2}},
        "budget": {"total": "2m", "tokens": 128},
    }
    return (
        {"apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex", "metadata": {"name": "faq"},
         "spec": {"sources": sources}},
        {"apiVersion": "kefu.dev/v1alpha1", "kind": "ChatbotDeployment", "metadata": {"name": "small"}, "spec": spec},
    )  # fmt: skip


def service(kube: Kube, name: str) -> str:
    """Where a Service answers, by cluster IP: on a native node the host reaches it."""
    spec = kube.get("service", name, NAMESPACE)["spec"]
    return f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}"


def engine(kube: Kube) -> dict[str, Any]:
    """The engine's only pod."""
    (pod,) = kube.list("pods", NAMESPACE, "app.kubernetes.io/name=kefu-engine")
    return pod


def prompt_tokens(kube: Kube) -> float:
    """How many tokens of questions vLLM says it has read."""
    name = engine(kube)["metadata"]["labels"]["app.kubernetes.io/instance"]
    with urllib.request.urlopen(f"{service(kube, name)}/metrics", timeout=60) as response:
        lines = response.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("vllm:prompt_tokens_total"))


@pytest.mark.parametrize(
    ("question", "fact"),
    [("签收后几天之内可以退货？", "12"), ("How much is express delivery?", "23")],
    ids=["zh", "en"],
)
def test_vllm_answers_with_the_fact_and_where_it_stands(kube: Kube, chatbot: str, question: str, fact: str) -> None:
    before = prompt_tokens(kube)
    key = kube.secret(f"{chatbot}-api-key", "key", NAMESPACE)
    reply = ask(service(kube, f"{chatbot}-gateway"), key, question, timeout=180)
    assert reply.outcome is Outcome.ANSWERED, reply
    assert fact in reply.answer, reply
    assert any(fact in citation.text for citation in reply.citations), reply
    assert prompt_tokens(kube) - before > len(question)


def test_the_engine_runs_the_cpu_build_without_root_and_was_never_restarted(kube: Kube, chatbot: str) -> None:
    pod = engine(kube)
    (container,) = pod["spec"]["containers"]
    assert "/vllm-cpu:" in container["image"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert [status["restartCount"] for status in pod["status"]["containerStatuses"]] == [0]


def test_deleting_both_leaves_nothing(kube: Kube, chatbot: str) -> None:
    kube.kubectl("delete", f"chatbot/{chatbot}", "ki/faq", "-n", NAMESPACE, "--timeout=60s")
    deadline = time.monotonic() + 180
    while left := kube.list(OWNED, NAMESPACE, "app.kubernetes.io/managed-by=kefu-operator"):
        assert time.monotonic() < deadline, [f"{item['kind']}/{item['metadata']['name']}" for item in left]
        time.sleep(1)
