"""Knowledge as a release on real pods: judged, refused, published, gone back to, and followed at a web site. In this order."""

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from hack.stack.install import SYSTEM, Stack
from hack.stack.kube import Kube
from hack.stack.writes import writes_by

from kefu_retrieval.building.filling import BATCH
from kefu_retrieval.building.shard import Shard
from tests.e2e.searching import Reader, Seen, search, service_of
from tests.e2e.space import restricted
from tests.e2e.website import Website
from tests.integration.test_retrieval.words_endpoint import words_endpoint

pytestmark = pytest.mark.cluster

T = TypeVar("T")

NAMESPACE = "knowledge-e2e"
OPERATOR = f"system:serviceaccount:{SYSTEM}:kefu-operator"
PRICE = {"id": "moon-gift", "question": "月光礼盒多少钱？", "answer": "月光礼盒售价 318 元。"}
SHELVES = 1500
"""Entries beside the few that are asked for: enough that building takes a while."""
SHARDED = 1000
"""Entries that three pods index: more than a batch each."""
VICTIM = Shard(1, 3)
"""The pod that is killed."""
PATIENCE = 30
"""Seconds for a rollback on a machine that does other things, too; the goal on a quiet one is 5."""


@pytest.fixture(scope="module")
def kube(stack: Stack) -> Iterator[Kube]:
    with restricted(stack.kube, NAMESPACE):
        yield stack.kube


def status(kube: Kube, name: str) -> dict[str, Any]:
    """Of an index; empty where it has none yet."""
    found: dict[str, Any] = kube.get("ki", name, NAMESPACE).get("status", {})
    return found


def told(kube: Kube, name: str, kind: str) -> dict[str, Any]:
    """One condition of an index; empty where it has none yet."""
    return next((each for each in status(kube, name).get("conditions", []) if each["type"] == kind), {})


def until(find: Callable[[], T | None], what: Callable[[], object], seconds: float = 180) -> T:
    """What `find` finds as soon as it finds something; `what` tells how things stand if it does not."""
    deadline = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < deadline, what()
        time.sleep(0.3)
    return found


def kefu(kube: Kube, *words: str) -> str:
    """`kefu knowledge …` on the namespace."""
    action, *rest = words
    return kube.run(sys.executable, "-m", "kefu_operator.cli", "knowledge", action, "-n", NAMESPACE, *rest)


def jobs_made(stack: Stack) -> list[str]:
    """Every Job that the operator has made in the namespace, oldest first."""
    begun = "create jobs/"
    written = writes_by(stack.provider.environment()["KEFU_AUDIT_LOG"], OPERATOR, NAMESPACE)
    return [line.removeprefix(begun) for line in written if line.startswith(begun)]


# Versions.


def faq(*, price: str = "318", without: frozenset[int] = frozenset()) -> list[dict[str, Any]]:
    """A price, and a shelf for every number."""
    shelves = [
        {"id": f"shelf-{number}", "question": f"商品 K{number} 放在哪个货架？", "answer": f"商品 K{number} 放在 {number} 号货架。"}
        for number in range(SHELVES)
        if number not in without
    ]  # fmt: skip
    return [PRICE | {"answer": PRICE["answer"].replace("318", price)}, *shelves]


def write(kube: Kube, entries: list[dict[str, Any]]) -> None:
    """Edit the FAQ as `kubectl apply` would."""
    text = yaml.safe_dump(entries, allow_unicode=True, sort_keys=False)
    metadata = {"name": "guide-faq"}
    kube.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"faq.yaml": text}},
               namespace=NAMESPACE)  # fmt: skip


def golden() -> dict[str, Any]:
    """One question about the price, and nine about shelves."""
    asked = [{"id": "price", "question": "月光礼盒要多少钱", "sources": ["faq/moon-gift"]}]
    asked += [
        {"id": f"shelf-{number}", "question": f"K{number} 在几号货架", "sources": [f"faq/shelf-{number}"]}
        for number in range(9)
    ]
    text = yaml.safe_dump(asked, allow_unicode=True)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "guide-golden"},
        "data": {"golden.yaml": text},
    }


def index(name: str, **spec: Any) -> dict[str, Any]:
    """A KnowledgeIndex."""
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex", "metadata": metadata, "spec": spec}


def published(kube: Kube, name: str, *, other_than: str | None = None) -> str:
    """The version that answers, as soon as it is another one."""

    def find() -> str | None:
        version: str | None = status(kube, name).get("published", {}).get("version")
        return version if version != other_than else None

    return until(find, lambda: status(kube, name).get("conditions"))


def test_the_first_version_is_judged_and_tells_how_far_its_building_is(kube: Kube) -> None:
    write(kube, faq())
    evaluation = {
        "questions": {"configMap": {"name": "guide-golden"}},
        "gates": [{"metric": "recallAt5", "atLeast": "0.95"}],
    }
    sources = [{"name": "faq", "format": "FAQ", "configMap": {"name": "guide-faq"}}]
    kube.apply(golden(), index("guide", sources=sources, evaluation=evaluation), namespace=NAMESPACE)
    seen: list[dict[str, Any]] = []

    def find() -> bool:
        now = status(kube, "guide")
        seen.append(now.get("candidate", {}))
        return bool(now.get("published"))

    until(find, lambda: status(kube, "guide").get("conditions"), 240)
    figures = [each for each in seen if each.get("total")]
    assert figures, seen[-1]
    assert {each["total"] for each in figures} <= {SHELVES + 1, 10}
    assert status(kube, "guide")["published"]["scores"] == {
        "questions": 10, "recallAt1": "1", "recallAt5": "1", "recallAt10": "1", "mrr": "1", "ndcgAt5": "1",
        "answered": "1",
    }  # fmt: skip
    kube.kubectl("wait", "--for=condition=Ready", "ki/guide", "-n", NAMESPACE, "--timeout=120s")
    print("progress seen:", {(each["phase"], each["done"], each["total"]) for each in figures})


def test_an_edit_that_fails_the_gate_is_refused_and_the_first_version_goes_on(kube: Kube) -> None:
    first = published(kube, "guide")
    with Reader(service_of(kube, "guide", NAMESPACE), "月光礼盒多少钱？") as reader:
        write(kube, faq(price="527", without=frozenset(range(3))))
        refused = until(
            lambda: found if (found := told(kube, "guide", "Evaluated")).get("reason") == "GatesFailed" else None,
            lambda: status(kube, "guide"),
        )
    assert refused["status"] == "False"
    assert "recallAt5 0.7, below 0.95" in refused["message"]
    assert "3 questions lost (shelf-0, shelf-1, shelf-2)" in refused["message"]
    assert f"{first} goes on answering" in told(kube, "guide", "Published")["message"]
    assert reader.failures == []
    assert {(seen.version, "318" in seen.text) for seen in reader.seen} == {(first, True)}


def test_whoever_may_edit_the_namespace_lists_compares_and_judges_versions(kube: Kube, tmp_path: Path) -> None:
    first = published(kube, "guide")
    person = editor(kube, tmp_path / "kubeconfig")
    held = json.loads(kube_json(person, "versions", "guide"))[0]["versions"]
    assert [each["state"] for each in held] == ["Refused", "Published"]
    second = held[0]["version"]
    found = json.loads(kube_json(person, "diff", "guide"))
    assert (found["before"], found["after"]) == (first, second)
    assert found["removed"] == ["faq/shelf-0", "faq/shelf-1", "faq/shelf-2"]
    assert found["changed"] == ["faq/moon-gift"]
    assert found["questions"]["lost"] == 3
    judged = json.loads(kube_json(person, "evaluate", "guide", "--version", second))
    assert [each["id"] for each in judged["questions"] if not each["right"]] == ["shelf-0", "shelf-1", "shelf-2"]


def editor(kube: Kube, kubeconfig: Path) -> Kube:
    """The cluster as seen by somebody with the role `edit` in the namespace, and a token."""
    kube.kubectl("create", "serviceaccount", "editor", "-n", NAMESPACE)
    binding = ("--clusterrole=edit", f"--serviceaccount={NAMESPACE}:editor")
    kube.kubectl("create", "rolebinding", "editor", "-n", NAMESPACE, *binding)
    config = json.loads(kube.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    config["users"][0]["user"] = {"token": kube.kubectl("create", "token", "editor", "-n", NAMESPACE).strip()}
    kubeconfig.write_text(json.dumps(config))
    kubeconfig.chmod(0o600)
    return Kube(kube.environment | {"KUBECONFIG": str(kubeconfig)})


def kube_json(kube: Kube, *words: str) -> str:
    """The same with `--output json`; `versions` exits with 1 while something is wrong, and prints all the same."""
    program = [sys.executable, "-m", "kefu_operator.cli", "knowledge", words[0], "-n", NAMESPACE, *words[1:]]
    return kube.run("sh", "-c", '"$@" --output json || test $? = 1', "sh", *program)


def test_a_rollback_answers_in_seconds_with_nothing_embedded_and_nothing_mixed(stack: Stack, kube: Kube) -> None:
    first = published(kube, "guide")
    write(kube, faq(price="527"))
    second = published(kube, "guide", other_than=first)
    service = service_of(kube, "guide", NAMESPACE)
    until(lambda: search(service, "月光礼盒多少钱？").version == second, lambda: "the service did not follow", 30)
    price = {first: "318", second: "527"}
    before = len(jobs_made(stack))
    with Reader(service, "月光礼盒多少钱？") as reader:
        back, told_back = went(kube, reader, ("rollback", "guide"), first)
        forth, told_forth = went(kube, reader, ("publish", "guide", second), second)
    print(f"rollback: {back:.1f} s from the command ({told_back.splitlines()[0]})")
    print(f"publish: {forth:.1f} s from the command ({told_forth.splitlines()[0]}); {len(reader.seen)} searches")
    assert reader.failures == []
    assert reader.turns() == [second, first, second]
    assert [seen for seen in reader.seen if price[seen.version] not in seen.text] == []
    # These only move the alias: no Job came that embeds.
    assert jobs_made(stack)[before:] == [f"guide-publish-{first}", f"guide-publish-{second}"]
    assert back < PATIENCE, f"a rollback took {back:.1f} s"
    kefu(kube, "publish", "guide", "--newest")
    kube.kubectl("wait", "--for=condition=Ready", "ki/guide", "-n", NAMESPACE, "--timeout=60s")
    assert published(kube, "guide") == second


def went(kube: Kube, reader: Reader, words: tuple[str, ...], version: str) -> tuple[float, str]:
    """Run a command; how many seconds after it began the version answered, and what the command said."""
    began = time.monotonic()
    said = kefu(kube, *words)

    def find() -> Seen | None:
        return next((seen for seen in list(reader.seen) if seen.at > began and seen.version == version), None)

    return until(find, lambda: reader.seen[-1], 60).at - began, said


# Several pods.


def test_three_pods_build_a_version_and_one_that_is_killed_costs_its_unfinished_batch(stack: Stack, kube: Kube) -> None:
    asked: list[str] = []
    at_the_second_batch, killed = threading.Event(), threading.Event()

    def hold(texts: list[str]) -> None:
        """Let the victim wait in its second batch until it is killed."""
        if any(map(is_victims, texts)) and sum(map(is_victims, list(asked))) > BATCH + len(texts):
            at_the_second_batch.set()
            killed.wait(60)

    host = stack.provider.environment()["KEFU_HOST_IP"]
    # All three mount the volume of what is fetched.
    site = Website(host, {"/faq.yaml": yaml.safe_dump(faq()[:SHARDED], allow_unicode=True, sort_keys=False)})
    with closing(site), words_endpoint(asked, host, hold) as served:
        endpoint = {"url": served.url, "model": served.model, "dimension": served.dimension}
        sources = [{"name": "faq", "format": "FAQ", "http": {"urls": [f"{site.url}/faq.yaml"], "private": True}}]
        spec = {"sources": sources, "embedding": {"endpoint": endpoint}, "ingestion": {"parallelism": 3}}
        kube.apply(index("large", **spec), namespace=NAMESPACE)
        began = time.monotonic()
        until(at_the_second_batch.is_set, lambda: (len(asked), status(kube, "large")), 120)
        (victim,) = shard_pods(kube, VICTIM.number)
        kube.kubectl("delete", "pod", victim, "-n", NAMESPACE, "--force", "--grace-period=0")
        killed.set()
        at = time.monotonic()
        seen: list[dict[str, Any]] = []

        def find() -> bool:
            now = status(kube, "large")
            seen.append(now.get("candidate", {}))
            return bool(now.get("published"))

        until(find, lambda: status(kube, "large").get("conditions"), 120)
    again = len(asked) - len(set(asked))
    print(
        f"three pods: {time.monotonic() - began:.1f} s, {at - began:.1f} s to the kill; {again} of {len(asked)} twice"
    )
    assert status(kube, "large")["published"]["documents"] == SHARDED
    assert 0 < again <= 2 * 514, "the batch that it embedded, and the one that it stored"
    job = kube.get("job", f"large-ingest-{status(kube, 'large')['published']['version']}", NAMESPACE)
    until(
        lambda: kube.get("job", job["metadata"]["name"], NAMESPACE)["status"].get("completedIndexes") == "0-2",
        lambda: kube.get("job", job["metadata"]["name"], NAMESPACE)["status"],
        60,
    )
    assert shard_pods(kube, VICTIM.number) not in ([], [victim])
    figures = [each for each in seen if each.get("total")]
    assert {each["total"] for each in figures} == {SHARDED}, "the leader tells of all"
    told_left = [each["secondsLeft"] for each in figures if "secondsLeft" in each]
    assert told_left and all(left < 120 for left in told_left)


def is_victims(text: str) -> bool:
    """Whether a text is of an entry that falls to the pod which is killed."""
    number = re.search(r"K(\d+)", text)
    return number is not None and VICTIM.has(f"faq/shelf-{number[1]}")


def shard_pods(kube: Kube, number: int) -> list[str]:
    """Names of the pods of one number that have begun, or ended well."""
    found = kube.list("pods", NAMESPACE, f"batch.kubernetes.io/job-completion-index={number}")
    return [each["metadata"]["name"] for each in found if each["status"]["phase"] in ("Running", "Succeeded")]


# Sources from afar.


def test_a_web_site_is_fetched_followed_and_outlived(stack: Stack, kube: Kube) -> None:
    page = "# 保修\n\n烤箱保修 {} 个月。\n"
    site = Website(stack.provider.environment()["KEFU_HOST_IP"], {"/warranty.md": page.format(12)})
    try:
        place = {"urls": [f"{site.url}/warranty.md"], "private": True}
        kube.apply(index("web", sources=[{"name": "site", "http": place, "every": "5s"}]), namespace=NAMESPACE)
        first = published(kube, "web")
        kube.kubectl("wait", "--for=condition=Ready", "ki/web", "-n", NAMESPACE, "--timeout=120s")
        service = service_of(kube, "web", NAMESPACE)
        assert "12 个月" in search(service, "烤箱保修多久？").hits[0].text
        until(lambda: site.statuses[304] > 0, lambda: site.statuses, 60)
        assert site.statuses[200] == 1
        site.pages["/warranty.md"] = page.format(36)
        began = time.monotonic()
        second = published(kube, "web", other_than=first)
        until(lambda: "36 个月" in search(service, "烤箱保修多久？").hits[0].text, lambda: second, 30)
        print(f"a changed page: {time.monotonic() - began:.1f} s until it answered")
        kube.kubectl("wait", "--for=condition=Ready", "ki/web", "-n", NAMESPACE, "--timeout=60s")
        ready = told(kube, "web", "Ready")
    finally:
        site.close()
    away = failed_fetch(kube)
    assert "source site could not be fetched again (PlaceUnreachable)" in away["message"]
    assert "what was fetched before is used" in away["message"]
    tried = status(kube, "web")["sources"][0]["at"]
    until(lambda: status(kube, "web")["sources"][0]["at"] != tried, lambda: status(kube, "web"), 60)
    assert told(kube, "web", "Ready") == ready, "a source that is away must not make it unready, not even for a moment"
    assert "36 个月" in search(service, "烤箱保修多久？").hits[0].text
    assert status(kube, "web")["published"]["version"] == second


def failed_fetch(kube: Kube) -> dict[str, Any]:
    """SourcesReady, as soon as it says that the source is away."""

    def find() -> dict[str, Any] | None:
        found = told(kube, "web", "SourcesReady")
        return found if "could not be fetched again" in found["message"] else None

    return until(find, lambda: status(kube, "web"), 60)
