"""One real vLLM in two pods (its CPU build, a part of each layer in each), which begin together and end together, with LoRA adapters.

First StatefulSets run them; then LeaderWorkerSet is installed, with its real controller and webhooks beside the node, and the engine
changes over. The node of the tests is one. Four starts of vLLM keep two cores busy for minutes, so this has a target of its own:
`make test-nodes`. What is decided and made is proven in the suite (`tests/integration/test_controller/test_nodes.py`).
"""

import json
import os
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hack.cluster import lws
from hack.cluster.cli import environment
from hack.cluster.lws import CRD, Controller
from hack.stack.install import Stack
from hack.stack.kube import Kube

from kefu_api.documents.release import Release
from kefu_api.documents.variants import Variants
from kefu_api.wire.chat import ChatResponse, Outcome
from tests.e2e.asking import ask
from tests.e2e.space import restricted
from tests.e2e.vllm import READY_SECONDS, URI, make_adapter, make_weights, wait_ready

ASKED = "KEFU_TEST_NODES"
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.model,
    pytest.mark.skipif(not os.environ.get(ASKED), reason="takes minutes: make test-nodes"),
]

NAMESPACE = "vllm-nodes-e2e"
FAQ = '- {question: "How much is express delivery?", answer: Express delivery costs 23 yuan an order.}'
SECONDS = 300
"""Longest wait for what needs no vLLM to be started."""


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
    """The name of a chatbot on a vLLM of two pods with an adapter, Ready."""
    voice = {"name": "voice", "uri": make_adapter("voice", strength=0.01), "size": "64Mi"}
    spec = {
        "model": {"uri": URI, "size": "2Gi", "adapters": [voice]},
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


@pytest.fixture(scope="module")
def installed(stack: Stack, chatbot: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """While LeaderWorkerSet is: its kinds, its webhooks, and its controller as a process on this machine."""
    variables = environment(stack.provider.environment())
    controller = Controller(Path(variables["KUBECONFIG"]), tmp_path_factory.mktemp("lws"), variables["KEFU_HOST_IP"])
    kubectl = stack.kube.kubectl
    kubectl("apply", "--server-side", *(word for file in lws.crds() for word in ("-f", str(file))))
    webhooks = {"apiVersion": "v1", "kind": "List", "items": controller.webhooks()}
    kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(webhooks))
    with controller.running():
        yield
    kubectl("delete", "crd", CRD, "--wait=false")
    for kind in ("mutating", "validating"):
        kubectl("delete", f"{kind}webhookconfigurations", f"{kind}-webhook-configuration")


def until(holds: Callable[[], Any], seconds: float = SECONDS) -> None:
    """Wait for what the cluster does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(1)


def pods(kube: Kube, component: str) -> list[dict[str, Any]]:
    """Of the engine, by component, those that end left out."""
    found = kube.list("pods", NAMESPACE, f"app.kubernetes.io/name=kefu-{component}")
    return [each for each in found if "deletionTimestamp" not in each["metadata"]]


def pod(kube: Kube, component: str) -> dict[str, Any]:
    """The only pod of the engine's component."""
    (found,) = pods(kube, component)
    return found


def names(kube: Kube) -> list[str]:
    """Of the engine's two pods, without what they have in common."""
    both = [*pods(kube, "engine"), *pods(kube, "engine-worker")]
    return sorted(each["metadata"]["name"].partition("-")[2].partition("-")[2] for each in both)


def restarts(found: dict[str, Any]) -> dict[str, int]:
    """By container."""
    return {status["name"]: int(status["restartCount"]) for status in found["status"]["containerStatuses"]}


def service(kube: Kube, name: str) -> str:
    """Where a Service answers, by cluster IP: on a native node the host reaches it."""
    spec = kube.get("service", name, NAMESPACE)["spec"]
    return f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}"


def engine(kube: Kube) -> str:
    """Where the engine answers."""
    return service(kube, pod(kube, "engine")["metadata"]["labels"]["app.kubernetes.io/instance"])


def models(kube: Kube) -> dict[str, str]:
    """What vLLM has loaded: its own names, by ours."""
    with urllib.request.urlopen(f"{engine(kube)}/v1/models", timeout=60) as response:
        found = [str(each["id"]) for each in json.loads(response.read())["data"]]
    return {name.rpartition("-")[0] or name: name for name in found}


def likelihood(kube: Kube, model: str) -> float:
    """How likely vLLM thinks its next word to be: another model, another number."""
    asked = {"model": model, "prompt": "Express delivery costs", "max_tokens": 1, "temperature": 0, "logprobs": 1}
    request = urllib.request.Request(
        f"{engine(kube)}/v1/completions", json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        return float(json.loads(response.read())["choices"][0]["logprobs"]["token_logprobs"][0])


def reply(kube: Kube, chatbot: str) -> ChatResponse:
    """To a question whose fact no model knows."""
    key = kube.secret(f"{chatbot}-api-key", "key", NAMESPACE)
    answer = ask(service(kube, f"{chatbot}-gateway"), key, "How much is express delivery?", timeout=240)
    assert answer.outcome is Outcome.ANSWERED, answer
    return answer


def release(kube: Kube, chatbot: str) -> Release:
    """The release that the gateway is to serve to everybody whom no candidate answers."""
    (text,) = kube.get("configmap", f"{chatbot}-release", NAMESPACE)["data"].values()
    return Variants.model_validate_json(text).stable


def check_answer(kube: Kube, chatbot: str) -> None:
    """The gateway comes to answer by that release, with the fact, and by an adapter that vLLM has."""
    told = release(kube, chatbot)
    until(lambda: reply(kube, chatbot).release == told.name)
    assert "23" in reply(kube, chatbot).answer
    assert told.engine.model in models(kube).values()


def lose(kube: Kube, component: str) -> str:
    """Take a pod away without a word, and wait until its group has noticed: its name."""
    lost = pod(kube, component)["metadata"]
    kube.kubectl("delete", f"pod/{lost['name']}", "-n", NAMESPACE, "--grace-period=0", "--force")
    kube.kubectl("wait", "--for=condition=Ready=False", "chatbot/wide", "-n", NAMESPACE, "--timeout=120s")
    until(lambda: [each["metadata"]["uid"] for each in pods(kube, component)] not in ([], [lost["uid"]]))
    return str(lost["name"])


def test_two_pods_answer_as_one_with_an_adapter(kube: Kube, chatbot: str) -> None:
    check_answer(kube, chatbot)
    assert names(kube) == ["nodes-0", "nodes-0-1"]
    assert len(kube.list("statefulsets", NAMESPACE, "kefu.dev/engine")) == 2
    leader, worker = pod(kube, "engine"), pod(kube, "engine-worker")
    assert restarts(leader) == restarts(worker) == {"engine": 0, "adapters": 0}
    said = kube.kubectl("logs", worker["metadata"]["name"], "-n", NAMESPACE, "-c", "engine")
    assert "world_size=2 rank=1" in said
    fetched = kube.kubectl("logs", worker["metadata"]["name"], "-n", NAMESPACE, "-c", "adapters")
    assert models(kube)["voice"] in json.loads(fetched.splitlines()[-1])["loaded"]
    assert release(kube, chatbot).engine.model == models(kube)["voice"]


def test_an_adapter_is_loaded_into_the_running_engine_and_answers(kube: Kube, chatbot: str) -> None:
    spec = kube.get("chatbot", chatbot, NAMESPACE)["spec"]
    outlet = {"name": "outlet", "uri": make_adapter("outlet", strength=0.02), "size": "64Mi"}
    change = {"spec": {"model": {"adapters": [outlet, *spec["model"]["adapters"]]}}}
    kube.kubectl("patch", f"chatbot/{chatbot}", "-n", NAMESPACE, "--type=merge", "-p", json.dumps(change))
    until(lambda: "outlet" in models(kube))
    until(lambda: release(kube, chatbot).engine.model == models(kube)["outlet"])
    check_answer(kube, chatbot)
    assert sorted(models(kube)) == ["chat", "outlet", "voice"]
    assert len({likelihood(kube, model) for model in models(kube).values()}) == 3
    for component in ("engine", "engine-worker"):
        assert restarts(pod(kube, component)) == {"engine": 0, "adapters": 0}


def is_asked(kube: Kube) -> bool:
    """Whether the Service sends questions to the engine's leader."""
    told = pod(kube, "engine")["status"].get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in told)


def test_when_a_worker_is_lost_all_begin_anew_and_nobody_asks_before_the_adapters_are_loaded_again(
    kube: Kube, chatbot: str
) -> None:
    lose(kube, "engine-worker")
    until(lambda: is_asked(kube), READY_SECONDS)
    assert sorted(models(kube)) == ["chat", "outlet", "voice"]
    wait_ready(kube, chatbot, NAMESPACE)
    assert restarts(pod(kube, "engine")) == {"engine": 1, "adapters": 0}
    assert sorted(models(kube)) == ["chat", "outlet", "voice"]
    check_answer(kube, chatbot)


def test_when_leader_worker_set_comes_the_engine_changes_over_and_answers_again(
    kube: Kube, chatbot: str, installed: None
) -> None:
    until(lambda: names(kube) == ["group-0", "group-0-1"])
    assert len(kube.list(CRD, NAMESPACE)) == 1
    wait_ready(kube, chatbot, NAMESPACE)
    assert kube.list("statefulsets", NAMESPACE, "kefu.dev/engine") == []
    assert sorted(models(kube)) == ["chat", "outlet", "voice"]
    check_answer(kube, chatbot)


def test_when_the_leader_of_a_leader_worker_set_is_lost_all_pods_are_made_anew(
    kube: Kube, chatbot: str, installed: None
) -> None:
    worker = pod(kube, "engine-worker")["metadata"]["uid"]
    lose(kube, "engine")
    until(lambda: names(kube) == ["group-0", "group-0-1"])
    wait_ready(kube, chatbot, NAMESPACE)
    assert pod(kube, "engine-worker")["metadata"]["uid"] != worker
    assert sorted(models(kube)) == ["chat", "outlet", "voice"]
    check_answer(kube, chatbot)


def test_everything_goes_with_the_chatbot(kube: Kube, chatbot: str, installed: None) -> None:
    kube.kubectl("delete", f"chatbot/{chatbot}", "-n", NAMESPACE, "--timeout=60s")
    until(lambda: not kube.list(CRD, NAMESPACE) and not names(kube))
