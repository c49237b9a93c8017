"""A real engine under real questions, scaled by the real KEDA on what the real Prometheus sees: 1, several, none, 1 again; then exchanged.

KEDA takes minutes to compile, so this has a target of its own: `make test-scaling`. What decides and who makes way for whom is proven
in the suite, with KEDA's own kind (`tests/integration/test_controller/test_scaling.py`).
"""

import json
import os
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hack.models.sources import Sources
from hack.models.table import find, load_table, models_root
from hack.stack.install import Stack
from hack.stack.kube import CommandError, Kube

from kefu_api.wire.chat import Outcome
from tests.e2e.asking import ask
from tests.e2e.conftest import WITH
from tests.e2e.space import restricted, watched

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif("keda" not in os.environ.get(WITH, "").split(), reason="needs KEDA: make test-scaling"),
]

NAMESPACE = "scaling-e2e"
MODEL = "qwen2.5-coder-0.5b"
IDLE_SECONDS = 45
ASKERS = 6
PATIENCE = 420
"""Seconds for one step: figures, KEDA, the autoscaler and a pod's start follow one another, on a machine that may be busy."""
FAQ = """
- {question: 签收后几天之内可以退货？, answer: 签收后 12 天内可以无理由退货。}
- {question: "How much is express delivery?", answer: Express delivery costs 23 yuan an order.}
"""
QUESTIONS = ("签收后几天之内可以退货？", "How much is express delivery?")


class Engine:
    """The chatbot's only engine, and what Prometheus knows of it."""

    def __init__(self, kube: Kube, metrics: str) -> None:
        self.kube = kube
        self._metrics = metrics
        self.seen: list[tuple[float, int]] = []
        self._began = time.monotonic()

    @property
    def wanted(self) -> dict[str, int]:
        """Pods of each engine that there is, as its Deployment wants them."""
        found = self.kube.list("deployments", NAMESPACE, "kefu.dev/engine")
        return {each["metadata"]["name"]: int(each["spec"]["replicas"]) for each in found}

    @property
    def replicas(self) -> int:
        """Pods of the only engine."""
        ((_, count),) = self.wanted.items()
        if not self.seen or self.seen[-1][1] != count:
            self.seen.append((round(time.monotonic() - self._began), count))
        return count

    def until(self, what: str, holds: Callable[[int], bool]) -> None:
        """Wait for a number of pods."""
        end = time.monotonic() + PATIENCE
        while not holds(self.replicas):
            if time.monotonic() > end:
                told = self.kube.kubectl("describe", "scaledobject,hpa", "-n", NAMESPACE)
                raise AssertionError(f"{what}: never so within {PATIENCE} s; seen {self.seen}\n{told}")
            time.sleep(1)

    def figure(self, expression: str) -> float:
        """What Prometheus answers; 0 where it knows nothing."""
        query = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"{self._metrics}/api/v1/query?{query}", timeout=30) as response:
            result = json.load(response)["data"]["result"]
        return float(result[0]["value"][1]) if result else 0.0


@pytest.fixture(scope="module")
def engine(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A Ready chatbot whose engine may have from none to two pods, each answering one question at a time."""
    Sources(models_root(), print).fetch(find(load_table(), MODEL))
    folder = tmp_path_factory.mktemp("prometheus")
    with watched(stack, NAMESPACE, folder) as metrics, restricted(stack.kube, NAMESPACE):
        stack.kube.apply(*objects(), namespace=NAMESPACE)
        for subject in ("--for=condition=Ready", "--for=condition=ScalingActive"):
            wait(stack.kube, subject)
        yield Engine(stack.kube, metrics)


def wait(kube: Kube, subject: str) -> None:
    try:
        kube.kubectl("wait", subject, "chatbot/small", "-n", NAMESPACE, "--timeout=600s", timeout=610)
    except CommandError as error:
        seen = kube.kubectl("get", "chatbot,ki,pods,scaledobject,hpa", "-n", NAMESPACE, "-o", "wide")
        raise CommandError(f"{error}\n{seen}") from error


def objects() -> tuple[dict[str, Any], ...]:
    model = find(load_table(), MODEL)
    spec = {
        "model": {"uri": model.uri, "sha256": model.sha256, "size": "1Gi"},
        "engine": {"llamaCpp": {"parallel": 1, "contextLength": 4096}, "resources": {"cpu": "100m", "memory": "2Gi"}},
        "knowledge": [{"name": "faq"}],
        "budget": {"total": "5m", "tokens": 64},
        "scaling": {
            "gateway": {"min": 1, "max": 1},
            "engine": {"max": 2, "signals": [{"queueDepth": 1}], "toZeroAfter": f"{IDLE_SECONDS}s"},
        },
    }
    sources = [{"name": "faq", "format": "FAQ", "inline": FAQ}]
    return (
        {"apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex", "metadata": {"name": "faq"},
         "spec": {"sources": sources}},
        {"apiVersion": "kefu.dev/v1alpha1", "kind": "ChatbotDeployment", "metadata": {"name": "small"}, "spec": spec},
    )  # fmt: skip


def gateway(kube: Kube) -> tuple[str, str]:
    """Address and key."""
    spec = kube.get("service", "small-gateway", NAMESPACE)["spec"]
    return f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}", kube.secret("small-api-key", "key", NAMESPACE)


@contextmanager
def load(kube: Kube) -> Iterator[list[str]]:
    """Several customers who ask one question after the other; how their answers ended."""
    url, key = gateway(kube)
    stop, ended = threading.Event(), list[str]()

    def customer(number: int) -> None:
        while not stop.is_set():
            try:
                ended.append(ask(url, key, QUESTIONS[number % 2], timeout=PATIENCE).outcome.value)
            except OSError as error:
                ended.append(str(error))

    customers = [threading.Thread(target=customer, args=(number,), daemon=True) for number in range(ASKERS)]
    for each in customers:
        each.start()
    try:
        yield ended
    finally:
        stop.set()
        for each in customers:
            each.join(timeout=PATIENCE)


def stream(kube: Kube, question: str) -> tuple[str, float]:
    """The bytes of a streamed answer as text, and the seconds that it took."""
    url, key = gateway(kube)
    body = json.dumps({"message": question, "stream": True}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    began = time.monotonic()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/chat", body, headers), timeout=PATIENCE) as response:
        return response.read().decode(), time.monotonic() - began


def condition(kube: Kube, type_: str) -> dict[str, Any]:
    told: list[dict[str, Any]] = kube.get("chatbot", "small", NAMESPACE)["status"]["conditions"]
    return next(each for each in told if each["type"] == type_)


def test_an_engine_follows_its_questions_from_one_pod_to_two_to_none_and_back(engine: Engine) -> None:
    url, key = gateway(engine.kube)
    assert condition(engine.kube, "ScalingActive")["reason"] == "ScaledByKeda"
    assert ask(url, key, QUESTIONS[0], timeout=PATIENCE).outcome is Outcome.ANSWERED
    engine.until("one pod answers one customer", lambda pods: pods == 1)
    with load(engine.kube) as ended:
        engine.until("a second pod for a queue", lambda pods: pods == 2)
    assert ended
    assert set(ended) <= {"answered"}, ended
    assert engine.figure('sum(max_over_time(llamacpp:requests_deferred{namespace="scaling-e2e"}[10m]))') >= 1
    engine.until("none when nobody asks", lambda pods: pods == 0)
    # One that still ends would answer once more.
    engine.until("the last has ended", lambda _: not engine.kube.list("pods", NAMESPACE, "kefu.dev/engine"))
    assert condition(engine.kube, "EngineReady")["reason"] == "Asleep"
    assert condition(engine.kube, "Ready")["status"] == "True"
    answer, seconds = stream(engine.kube, QUESTIONS[1])
    assert "event: done" in answer and '"outcome":"answered"' in answer and "23" in answer, answer
    # Comments come after ten seconds of silence; a pod is not there sooner on any machine of ours.
    assert (": still here" in answer) == (seconds > 12) or 8 < seconds < 14, (seconds, answer[:300])
    engine.until("one pod again", lambda pods: pods == 1)
    waits = 'sum(kefu_gateway_engine_waits_total{namespace="scaling-e2e"})'
    engine.until("Prometheus has seen that the question was held", lambda _: engine.figure(waits) >= 1)
    # Whoever scales by the subresource is not named as an owner; who applies the number would be.
    (found,) = json.loads(
        engine.kube.kubectl(
            "get", "deployments", "-n", NAMESPACE, "-l", "kefu.dev/engine", "-o", "json", "--show-managed-fields"
        )
    )["items"]
    owners = {
        each["manager"]
        for each in found["metadata"]["managedFields"]
        if "f:replicas" in each.get("fieldsV1", {}).get("f:spec", {})
    }
    assert "kefu-operator" not in owners, owners
    print(f"seconds → pods: {engine.seen}; the first question at none took {seconds:.1f} s")


def test_engines_are_exchanged_while_keda_scales_both(engine: Engine) -> None:
    seen: list[dict[str, int]] = []
    with load(engine.kube) as ended:
        engine.until("two pods for a queue", lambda pods: pods == 2)
        (former,) = engine.wanted
        change(engine.kube, {"engine": {"llamaCpp": {"contextLength": 3072}}})
        end = time.monotonic() + PATIENCE
        while former in (now := engine.wanted) or len(now) != 1:
            if not seen or seen[-1] != now:
                seen.append(now)
            assert time.monotonic() < end, f"still not exchanged: {seen}"
            time.sleep(1)
        wait(engine.kube, "--for=condition=Progressing=False")
        engine.until("as many as the former one had", lambda pods: pods == 2)
    assert set(ended) <= {"answered"}, ended
    # Both stood, and the former one made room for the second pod of the new one, although as many customers asked as before.
    assert any(len(each) == 2 and each[former] == 1 for each in seen), seen
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in engine.kube.list("scaledobjects", NAMESPACE)}
    assert scaled == set(engine.wanted), (scaled, engine.wanted)
    engine.until("none when nobody asks", lambda pods: pods == 0)
    print(f"pods of each engine, one after the other: {seen}; {len(ended)} questions were answered")


def change(kube: Kube, spec: dict[str, Any]) -> None:
    """Merge into the chatbot's spec."""
    patch = json.dumps({"spec": spec})
    kube.kubectl("patch", "chatbot", "small", "-n", NAMESPACE, "--type=merge", "-p", patch)
