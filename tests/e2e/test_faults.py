"""Mistakes and failures on real pods: each ends in a condition that names the failing leaf, and heals."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hack.stack.install import Stack
from hack.stack.kube import Kube

from tests.e2e.space import restricted

pytestmark = pytest.mark.cluster

NAMESPACE = "faults-e2e"
GGUF = "hf://Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
FAQ = "- {question: 几天可以退货？, answer: 签收后 7 天内可以退货。}"


@pytest.fixture(scope="module")
def kube(stack: Stack) -> Iterator[Kube]:
    with restricted(stack.kube, NAMESPACE):
        yield stack.kube


def chatbot(name: str, **spec: Any) -> dict[str, Any]:
    """A chatbot with llama.cpp and the small model."""
    base = {
        "model": {"uri": GGUF},
        "engine": {"llamaCpp": {}},
        "knowledge": [{"name": "faq"}],
        "scaling": {"gateway": {"min": 1, "max": 2}},
    }
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "kefu.dev/v1alpha1", "kind": "ChatbotDeployment", "metadata": metadata, "spec": base | spec}


def index(name: str) -> dict[str, Any]:
    """An index with one FAQ entry in place."""
    spec = {"sources": [{"name": "faq", "format": "FAQ", "inline": FAQ}]}
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex", "metadata": metadata, "spec": spec}


def condition(kube: Kube, name: str, kind: str = "Ready") -> dict[str, Any]:
    """One condition of a chatbot; empty where it has none yet."""
    status = kube.get("chatbot", name, NAMESPACE).get("status", {})
    return next((entry for entry in status.get("conditions", []) if entry["type"] == kind), {})


def await_reason(kube: Kube, name: str, reason: str, kind: str = "Ready", seconds: float = 180) -> dict[str, Any]:
    """Wait until a condition has the reason."""
    deadline = time.monotonic() + seconds
    while (found := condition(kube, name, kind)).get("reason") != reason:
        assert time.monotonic() < deadline, found
        time.sleep(1)
    return found


def test_an_index_that_does_not_exist_is_named_and_heals(kube: Kube) -> None:
    kube.apply(chatbot("early"), namespace=NAMESPACE)
    found = await_reason(kube, "early", "IndexNotFound", "KnowledgeReady")
    assert "faq" in found["message"]
    kube.apply(index("faq"), namespace=NAMESPACE)
    kube.kubectl("wait", "--for=condition=Ready", "chatbot/early", "-n", NAMESPACE, "--timeout=300s", timeout=310)


def test_a_wrong_checksum_is_named(kube: Kube) -> None:
    kube.apply(chatbot("checksum", model={"uri": GGUF, "sha256": "0" * 64}), namespace=NAMESPACE)
    found = await_reason(kube, "checksum", "ModelChecksumMismatch")
    assert "0" * 64 in found["message"]
    kube.kubectl("delete", "chatbot/checksum", "-n", NAMESPACE)


def test_an_image_that_cannot_be_pulled_is_named(kube: Kube) -> None:
    engine = {"vllm": {"image": "registry.invalid/none:1"}, "resources": {"cpu": "10m", "memory": "64Mi"}}
    kube.apply(chatbot("image", engine=engine), namespace=NAMESPACE)
    found = await_reason(kube, "image", "ImagePullBackOff")
    assert "registry.invalid/none:1" in found["message"]
    kube.kubectl("delete", "chatbot/image", "-n", NAMESPACE)


def test_a_pod_that_fits_nowhere_names_the_resource(kube: Kube) -> None:
    engine = {"llamaCpp": {}, "resources": {"memory": "900Gi"}}
    kube.apply(chatbot("huge", engine=engine), namespace=NAMESPACE)
    found = await_reason(kube, "huge", "Unschedulable")
    assert "memory" in found["message"]
    kube.kubectl("delete", "chatbot/huge", "-n", NAMESPACE)


def test_an_engine_that_runs_out_of_memory_is_named(kube: Kube) -> None:
    engine = {"llamaCpp": {}, "resources": {"cpu": "50m", "memory": "96Mi"}}
    kube.apply(chatbot("small", engine=engine), namespace=NAMESPACE)
    await_reason(kube, "small", "OOMKilled")
    kube.kubectl("delete", "chatbot/small", "-n", NAMESPACE)


def test_two_of_a_one_of_are_refused_at_apply(kube: Kube) -> None:
    with pytest.raises(Exception, match="at most one of vllm, tensorrtLlm, llamaCpp, endpoint"):
        kube.apply(chatbot("double", engine={"llamaCpp": {}, "vllm": {}}), namespace=NAMESPACE)
