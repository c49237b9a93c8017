"""The HTTP edge over a store in memory: what no real server can be made to do on demand."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from starlette.testclient import TestClient

from kefu_api.documents.index import ModelReranker, Reranking
from kefu_api.token import TokenFile
from kefu_retrieval import app
from kefu_retrieval.embeddings.protocol import Vectors
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.search.pinned import Pinned
from kefu_retrieval.search.searcher import Searcher
from kefu_retrieval.service import Service
from kefu_retrieval.store.memory import MemoryStore
from tests.unit.test_retrieval.doubles import WordEmbedder, faq_source, index

FAQ = "- {id: a, question: How do returns work, answer: Within seven days.}"


class BrokenEmbedder(WordEmbedder):
    """Has a fault that nobody foresaw."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        raise RuntimeError("secret detail")


async def client(folder: Path, embedder: WordEmbedder, tokens: TokenFile | None = None) -> TestClient:
    store = MemoryStore()
    document = index(faq_source(FAQ))
    await Ingestion(document, store, WordEmbedder()).run()
    (folder / "index.json").write_text(document.to_json())
    service = Service(folder / "index.json", lambda _: store, lambda _: embedder, timeout=30.0)
    return TestClient(app.create(service, tokens), raise_server_exceptions=False)


async def test_answers(tmp_path: Path) -> None:
    with await client(tmp_path, WordEmbedder()) as http:
        answer = http.post("/v1/search", json={"query": "returns"})
        assert (answer.status_code, answer.json()["hits"][0]["document"]) == (200, "faq/a")
        assert http.get("/readyz").text.startswith("ok: version v1")


async def test_says_why_when_asked(tmp_path: Path) -> None:
    with await client(tmp_path, WordEmbedder()) as http:
        asked = {"query": "and returns?", "history": ["How do exchanges work"]}
        told = http.post("/v1/search?explain=1", json=asked).json()
        assert told["explanation"]["searched"] == "How do exchanges work and returns?"
        assert told["hits"][0]["reasons"]["legs"].keys() == {"dense", "sparse"}
        plain = http.post("/v1/search", json=asked).json()
        assert "explanation" not in plain
        assert "reasons" not in plain["hits"][0]
        assert http.post("/v1/search", json={"query": "x", "history": ["y"] * 9}).status_code == 400


async def test_follows_a_changed_vocabulary(tmp_path: Path) -> None:
    with await client(tmp_path, WordEmbedder()) as http:
        asked = {"query": "Rückgabe"}
        assert http.post("/v1/search?explain=1", json=asked).json()["explanation"]["concepts"] == []
        document = index().model_copy(update={"vocabulary": (("Rückgabe", "returns"),)})
        (tmp_path / "index.new").write_text(document.to_json())
        (tmp_path / "index.new").rename(tmp_path / "index.json")
        deadline = time.monotonic() + 30
        concepts: list[str] = []
        while not concepts and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            concepts = http.post("/v1/search?explain=1", json=asked).json()["explanation"]["concepts"]
        assert concepts == ["Rückgabe"]


async def test_follows_a_changed_reranker_and_answers_without_one_that_cannot_be_loaded(tmp_path: Path) -> None:
    with await client(tmp_path, WordEmbedder()) as http:
        asked = {"query": "returns"}
        before = http.post("/v1/search?explain=1", json=asked).json()
        assert "reranker" not in before["explanation"]
        reranking = Reranking(by=ModelReranker(path="/absent"), candidates=5, budget_seconds=1.0)
        (tmp_path / "index.new").write_text(index().model_copy(update={"reranking": reranking}).to_json())
        (tmp_path / "index.new").rename(tmp_path / "index.json")
        deadline = time.monotonic() + 30
        after = before
        while "reranker" not in after["explanation"] and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            after = http.post("/v1/search?explain=1", json=asked).json()
        report = after["explanation"]["reranker"]
        assert (report["outcome"], report["detail"]) == ("broken", "no reranker of kind model can be made here")
        assert after["hits"] == before["hits"]
        assert "without its reranker: no reranker of kind model" in http.get("/readyz").text


async def test_an_unforeseen_fault_is_a_problem_without_its_details(tmp_path: Path) -> None:
    with await client(tmp_path, BrokenEmbedder()) as http:
        answer = http.post("/v1/search", json={"query": "returns"})
        assert (answer.status_code, answer.json()["code"]) == (500, "V5001")
        assert "secret" not in answer.text


async def test_refuses_other_methods(tmp_path: Path) -> None:
    with await client(tmp_path, WordEmbedder()) as http:
        assert http.get("/v1/search").status_code == 405


async def test_tells_nothing_to_whoever_has_no_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("the-token")
    with await client(tmp_path, WordEmbedder(), TokenFile(tmp_path / "token")) as http:
        routes = [(method, route.path) for route in http.app.routes for method in sorted(route.methods)]  # type: ignore[attr-defined]
        guarded = [(method, path) for method, path in routes if path not in ("/healthz", "/readyz")]
        assert len(guarded) >= 5
        for method, path in [*guarded, ("GET", "/"), ("GET", "/docs"), ("POST", "/healthz/../v1/search")]:
            for headers in ({}, {"Kefu-Token": "wrong"}, {"Kefu-Token": ""}, {"Authorization": "Bearer the-token"}):
                answer = http.request(method, path, headers=headers, json={"query": "returns"})
                assert answer.status_code == 401, (method, path)
                assert method == "HEAD" or answer.json()["code"] == "V1007"
        assert http.get("/readyz").text == "ok\n"
        ours = {"Kefu-Token": "the-token"}
        assert http.post("/v1/search", json={"query": "returns"}, headers=ours).status_code == 200
        assert http.get("/readyz", headers=ours).text.startswith("ok: version v1")


async def test_answers_from_a_version_by_its_name(tmp_path: Path) -> None:
    store = MemoryStore()
    for name, days in (("v1", "seven"), ("v2", "ten")):
        text = f"- {{id: a, question: How do returns work, answer: Within {days} days.}}"
        document = index(faq_source(text)).model_copy(update={"version": name})
        await Ingestion(document, store, WordEmbedder()).run()
    (tmp_path / "index.json").write_text(document.to_json())
    service = Service(tmp_path / "index.json", lambda _: store, lambda _: WordEmbedder(), timeout=30.0)
    with TestClient(app.create(service)) as http:

        def found(**asked: str) -> tuple[str, str]:
            answer = http.post("/v1/search", json={"query": "returns", **asked}).json()
            return answer["version"], answer["hits"][0]["text"]

        assert found() == ("v2", "Within ten days.")
        assert found(version="v1") == ("v1", "Within seven days.")
        assert found(version="v2") == found()
        gone = http.post("/v1/search", json={"query": "returns", "version": "v9"})
        assert (gone.status_code, gone.json()["code"]) == (503, "V2002")
        assert "v9 is not in the store" in gone.json()["message"]
        assert http.post("/v1/search", json={"query": "returns", "version": "V-9"}).status_code == 400
        store.drop(f"{document.store.alias}_v1")
        assert http.post("/v1/search", json={"query": "returns", "version": "v1"}).status_code == 503
        assert found() == ("v2", "Within ten days.")


def test_of_many_versions_the_one_that_nobody_asks_for_goes() -> None:
    made: list[str] = []

    def make(version: str) -> Searcher:
        made.append(version)
        return cast(Searcher, object())

    pinned = Pinned(make, kept=2)
    assert pinned.of("a") is pinned.of("a")
    for version in ("b", "a", "c", "a", "b"):
        pinned.of(version)
    assert made == ["a", "b", "c", "b"]
