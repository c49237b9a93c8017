"""Versions with `kefu run` and `kefu knowledge`: real ingestion, real Milvus Lite, real search, and readers who never stop."""

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from kefu_operator.local.encoder import SHA256
from kefu_operator.local.options import cache
from tests.integration.test_local.instance import Instance, running, until
from tests.unit.test_local.objects import config_map, index, write

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        not (cache() / "models" / "sha256" / SHA256).is_dir(),
        reason="the sentence encoder is missing: python -m hack.models fetch encoder",
    ),
]

GOLDEN = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "shop-golden"},
    "data": {
        "golden.yaml": "- {id: q1, question: 收到货后几天内可以退货, sources: [faq/return]}\n"
        "- {id: q2, question: 支持微信付款吗, sources: [faq/pay]}\n"
    },
}
EVALUATION = {
    "questions": {"configMap": {"name": "shop-golden"}},
    "gates": [{"metric": "recallAt5", "atLeast": "0.9"}],
}


def faq(fact: str, *, without_return: bool = False) -> str:
    returns = f"- {{id: return, question: 收到货后几天内可以退货？, answer: 期限是 FACT-{fact} 。}}\n"
    pay = f"- {{id: pay, question: 可以用哪些方式付款？, answer: 支持微信和支付宝 FACT-{fact} 。}}\n"
    return ("" if without_return else returns) + pay


def shop(folder: Path, text: str) -> Path:
    return write(folder, index(evaluation=EVALUATION), config_map(text=text), GOLDEN)


def kefu(instance: Instance, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "kefu_operator.cli", "knowledge", *words, "--state", str(instance.state)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


def entry(instance: Instance) -> dict[str, Any]:
    found: dict[str, Any] = instance.content["indexes"][0]
    return found


def published(instance: Instance) -> str:
    version: str = (entry(instance)["published"] or {}).get("version", "")
    return version


PAUSE_SECONDS = 0.05
"""Between two searches of one client: without it they take the cores that the new version is built on."""


class Readers:
    """Ask all the time, and note each answer's version with what it said."""

    def __init__(self, index: dict[str, Any], clients: int = 4) -> None:
        self._url = index["url"]
        self._headers = {"Kefu-Token": Path(index["token_file"]).read_text()}
        self._stop = threading.Event()
        self.errors: list[str] = []
        self.seen: list[tuple[float, str, frozenset[str]]] = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        body = json.dumps({"query": "收到货后几天内可以退货", "topK": 5}).encode()
        while not self._stop.is_set():
            request = urllib.request.Request(f"{self._url}/v1/search", body, self._headers)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    found = json.load(answer)
            except OSError as error:
                self.errors.append(str(error))
                continue
            facts = frozenset(hit["text"].split("FACT-")[1].split()[0] for hit in found["hits"])
            self.seen.append((time.monotonic(), found["version"], facts))
            self._stop.wait(PAUSE_SECONDS)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    with running(shop(tmp_path / "files", faq("one")), tmp_path / "state") as started:
        yield started.ready()


def test_versions_are_judged_refused_compared_and_rolled_back(instance: Instance, tmp_path: Path) -> None:
    first = published(instance)
    code, text = kefu(instance, "versions")
    assert code == 0, text
    assert "recallAt5 1" in text
    shop(tmp_path / "files", faq("two"))
    until(lambda: published(instance) not in ("", first), "the second version is published")
    second = published(instance)
    with Readers(entry(instance)) as readers:
        until(lambda: len(readers.seen) > 50, "readers read")
        began = time.monotonic()
        code, text = kefu(instance, "rollback", "shop")
        assert code == 0, text
        until(lambda: readers.seen[-1][1] == first, "readers see the first version again")
        print(f"rolled back within {next(at for at, name, _ in readers.seen if name == first) - began:.2f} s")
        assert kefu(instance, "publish", "shop", "--newest")[0] == 0
        until(lambda: readers.seen[-1][1] == second, "the newest version answers again")
    assert readers.errors == []
    said = {(name, fact) for _, name, facts in readers.seen for fact in facts}
    assert said == {(first, "one"), (second, "two")}
    assert {len(facts) for _, _, facts in readers.seen} == {1}
    log = (instance.state / "logs" / "shop-ingest.log").read_text()
    assert log.count('"message": "built"') == 2
    # A version that loses what customers ask for is not published.
    shop(tmp_path / "files", faq("three", without_return=True))
    until(lambda: bool(entry(instance)["problem"]), "the third version is refused")
    assert "recallAt5 0.5, below 0.9" in entry(instance)["problem"]
    assert "1 questions lost (q1)" in entry(instance)["problem"]
    until(lambda: published(instance) == second, "the second version goes on answering")
    code, text = kefu(instance, "diff", "shop")
    assert (code, "- faq/return" in text, "~ faq/pay" in text) == (0, True, True), text
    code, text = kefu(instance, "evaluate", "shop", "-o", "json")
    assert (code, json.loads(text)["scores"]["recallAt5"]) == (0, 1.0)
    code, text = kefu(instance, "publish", "shop", "v0123456789")
    assert (code, "holds no version v0123456789" in text) == (1, True)
