"""A release that comes to the customers by steps, and one that is taken back: real questions, and a real Prometheus that judges. In this order."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from hack.models.sources import Sources
from hack.models.table import find, load_table, models_root
from hack.stack.install import SYSTEM, Stack
from hack.stack.kube import CommandError, Kube

from kefu_api.wire.chat import ChatResponse
from tests.e2e.space import restricted, watched

pytestmark = [pytest.mark.cluster, pytest.mark.model]

NAMESPACE = "rollout-e2e"
MODEL = "qwen2.5-coder-0.5b"
PATIENCE = 300
"""Seconds for one step, on a machine that may be busy."""
BACK_SECONDS = 15
"""From the verdict until nobody is answered by a release that failed: the promise."""
CUSTOMERS = 12
AT_ONCE = 2
FAQ = """
- {question: 签收后几天之内可以退货？, answer: 签收后 %s 天内可以无理由退货。}
- {question: "How much is express delivery?", answer: Express delivery costs 23 yuan an order.}
"""
QUESTIONS = ("签收后几天之内可以退货？", "How much is express delivery?")
ENDLESS = "".join(f"{number} 号店员说：请您稍等，我们正在为您查询。" for number in range(400))[:4000]
"""With this prompt no question fits the engine's context, so that it refuses every one."""


@dataclass
class Answer:
    """What one customer got."""

    asked: float
    """Unix time."""
    customer: str
    release: str
    """Empty where no gateway answered."""
    outcome: str
    version: str | None = None
    text: str = ""


@dataclass
class Customers:
    """They ask one after the other, a few at a time, for as long as the block lasts."""

    url: str
    key: str
    answers: list[Answer] = field(default_factory=list)

    @contextmanager
    def asking(self) -> Iterator[None]:
        stop = threading.Event()

        def run(first: int) -> None:
            number = first
            while not stop.is_set():
                self.answers.append(
                    self._ask(f"customer-{number % CUSTOMERS}", QUESTIONS[(number + number // CUSTOMERS) % 2])
                )
                number += AT_ONCE

        threads = [threading.Thread(target=run, args=(first,), daemon=True) for first in range(AT_ONCE)]
        for each in threads:
            each.start()
        try:
            yield
        finally:
            stop.set()
            for each in threads:
                each.join(timeout=PATIENCE)

    def of(self, release: str) -> list[Answer]:
        return [each for each in self.answers if each.release == release]

    def _ask(self, customer: str, question: str) -> Answer:
        body = json.dumps({"message": question, "user": customer}).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        began = time.time()
        try:
            with urllib.request.urlopen(
                urllib.request.Request(f"{self.url}/v1/chat", body, headers), timeout=PATIENCE
            ) as response:
                told = ChatResponse.model_validate_json(response.read())
                return Answer(began, customer, told.release, told.outcome.value, told.index_version, told.answer)
        except urllib.error.HTTPError as error:
            return Answer(began, customer, error.headers.get("X-Kefu-Release", ""), "failed")
        except OSError:
            # The gateway's pod was deleted, and the next is not there yet.
            time.sleep(0.2)
            return Answer(began, customer, "", "away")


class Shop:
    """The chatbot under test."""

    def __init__(self, kube: Kube) -> None:
        self.kube = kube

    def apply(self, *, days: int, prompt: str = "") -> None:
        self.kube.apply(*objects(days, prompt), namespace=NAMESPACE)

    @property
    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = self.kube.get("chatbot", "small", NAMESPACE).get("status", {})
        return told

    @property
    def releases(self) -> dict[str, Any]:
        told: dict[str, Any] = self.status.get("releases", {})
        return told

    def condition(self, type_: str) -> dict[str, Any]:
        return next((each for each in self.status.get("conditions", []) if each["type"] == type_), {})

    def until(self, what: str, holds: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while not holds(told := self.releases):
            assert time.monotonic() < end, f"{what}: never so within {PATIENCE} s; {json.dumps(self.status)}"
            time.sleep(1)
        return told

    def settled(self, release: str) -> None:
        self.until(f"{release} serves all", lambda told: told.get("stable") == release and "candidate" not in told)

    def events(self, reason: str) -> list[dict[str, Any]]:
        return [each for each in self.kube.list("events", NAMESPACE) if each["reason"] == reason]

    def customers(self) -> Customers:
        spec = self.kube.get("service", "small-gateway", NAMESPACE)["spec"]
        url = f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}"
        return Customers(url, self.kube.secret("small-api-key", "key", NAMESPACE))


def objects(days: int, prompt: str) -> tuple[dict[str, Any], ...]:
    model = find(load_table(), MODEL)
    spec = {
        "model": {"uri": model.uri, "sha256": model.sha256, "size": "1Gi"},
        "engine": {"llamaCpp": {"parallel": 2, "contextLength": 4096}, "resources": {"cpu": "100m", "memory": "2Gi"}},
        "knowledge": [{"name": "faq"}],
        "persona": {"prompt": prompt},
        "budget": {"total": "4m", "tokens": 48},
        "scaling": {"gateway": {"min": 1, "max": 1}},
        "rollout": {
            "steps": [50, 100],
            "interval": "6s",
            "analysis": [
                {"metric": "errorRate", "atMost": "0.3", "minSamples": 3},
                {"metric": "groundedRate", "atLeast": "0.5", "minSamples": 3},
            ],
        },
    }
    sources = [{"name": "faq", "format": "FAQ", "inline": FAQ % days}]
    return (
        {"apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex", "metadata": {"name": "faq"},
         "spec": {"sources": sources}},
        {"apiVersion": "kefu.dev/v1alpha1", "kind": "ChatbotDeployment", "metadata": {"name": "small"}, "spec": spec},
    )  # fmt: skip


@pytest.fixture(scope="module")
def shop(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A Ready chatbot under a Prometheus, which the operator is told of."""
    Sources(models_root(), print).fetch(find(load_table(), MODEL))
    folder = tmp_path_factory.mktemp("prometheus")
    with watched(stack, NAMESPACE, folder), restricted(stack.kube, NAMESPACE):
        made = Shop(stack.kube)
        made.apply(days=12)
        words = ("wait", "--for=condition=Ready", "chatbot/small", "-n", NAMESPACE, "--timeout=600s")
        try:
            stack.kube.kubectl(*words, timeout=610)
        except CommandError as error:
            seen = stack.kube.kubectl("get", "chatbot,ki,pods", "-n", NAMESPACE, "-o", "wide")
            raise CommandError(f"{error}\n{seen}") from error
        yield made


def test_new_knowledge_takes_its_steps_through_a_restart_and_a_lost_pod_and_nobody_moves_back(shop: Shop) -> None:
    old, before = shop.status["release"], shop.releases["stable"]
    (known,) = shop.releases["knowledge"]
    customers = shop.customers()
    with customers.asking():
        shop.apply(days=15)
        shop.until("half of the customers", lambda told: told.get("weight") == 50)
        candidate = shop.releases["candidate"]
        shop.kube.kubectl(
            "delete", "pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/name=kefu-gateway", "--wait=false"
        )
        shop.kube.kubectl("delete", "pods", "-n", SYSTEM, "-l", "app.kubernetes.io/name=kefu-operator", "--wait=false")
        told = shop.until("all customers", lambda told: told.get("weight") == 100 or told.get("stable") == candidate)
        assert told.get("step") in ("2/2", None)
        shop.settled(candidate)
        new = shop.status["release"]
        assert new != old
        end = time.time()
        while len([each for each in customers.of(new) if each.asked > end]) < len(QUESTIONS) * AT_ONCE:
            time.sleep(0.2)
    assert shop.condition("Released")["status"] == "True"
    assert [each["message"] for each in shop.events("Promoted")] == [f"release {candidate} serves all customers"]
    assert before != candidate
    assert shop.releases["knowledge"][0]["version"] != known["version"]
    assert shop.events("RolledBack") == []
    both = [each for each in customers.answers if each.release]
    assert {each.outcome for each in both} == {"answered"}, both
    assert {each.release for each in both} == {old, new}
    # Each release answers from its own version of the knowledge, side by side, whatever the index has published.
    assert {each.version for each in customers.of(old)} == {known["version"]}
    assert {each.version for each in customers.of(new)} == {shop.releases["knowledge"][0]["version"]}
    returns = [each for each in both if "23" not in each.text]
    assert {(each.release, "12" in each.text, "15" in each.text) for each in returns} == {
        (old, True, False),
        (new, False, True),
    }
    for customer in {each.customer for each in both}:
        seen = [each.release for each in sorted(both, key=lambda each: each.asked) if each.customer == customer]
        assert seen == sorted(seen, key=[old, new].index), f"{customer} moved back: {seen}"


def test_a_bad_release_is_taken_back_in_time_and_says_why_once(shop: Shop) -> None:
    old, before = shop.status["release"], shop.releases["stable"]
    customers = shop.customers()
    with customers.asking():
        shop.apply(days=15, prompt=ENDLESS)
        told = shop.until("it is taken back", lambda told: told.get("rejected"))
        # Questions of half of the customers go on until the time that is promised is over, and some more.
        verdict = moment(shop.events("RolledBack")[0])
        while (
            time.time() < verdict + BACK_SECONDS + 3
            or len([a for a in customers.answers if a.asked > verdict]) < CUSTOMERS
        ):
            time.sleep(0.2)
    assert (told["stable"], told["rejected"]["reason"]) == (before, "RolledBack")
    assert "candidate" not in told
    assert "errorRate is " in told["rejected"]["message"] and "not at most 0.3" in told["rejected"]["message"]
    condition = shop.condition("Released")
    assert (condition["status"], condition["reason"]) == ("False", "ReleaseRolledBack")
    assert "errorRate is " in condition["message"]
    assert shop.condition("Ready")["status"] == "True"
    (event,) = shop.events("RolledBack")
    assert event.get("count", 1) == 1 and "errorRate is " in event["message"]
    bad = [each for each in customers.answers if each.release not in ("", old)]
    assert len({each.release for each in bad}) == 1
    assert {each.outcome for each in bad} <= {"failed", "unavailable"}
    late = max(each.asked for each in bad) - verdict
    assert late < BACK_SECONDS, f"answered {late:.1f} s after the verdict"
    assert {each.outcome for each in customers.of(old)} == {"answered"}
    assert not {each.customer for each in bad} >= {f"customer-{number}" for number in range(CUSTOMERS)}
    print(
        f"{len(bad)} bad answers, the last {late:.1f} s after the verdict; {len(customers.of(old))} good ones meanwhile"
    )
    shop.apply(days=15)
    shop.until("the spec is reverted", lambda told: "rejected" not in told)
    shop.settled(before)


def moment(event: dict[str, Any]) -> float:
    """When it was first told of, in Unix time."""
    text = event.get("firstTimestamp") or event["eventTime"]
    return datetime.fromisoformat(text).timestamp()
