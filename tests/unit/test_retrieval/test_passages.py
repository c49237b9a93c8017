"""The passages of a version over HTTP, page by page, as whoever drafts questions reads them."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.versions.desk import Desk
from kefu_retrieval.versions.http import VersionRoutes
from tests.unit.test_retrieval.doubles import WordEmbedder, faq_source, index

FAQ = "\n".join(f"- {{id: t{n}, question: 第{n}条, answer: '{'答' * 5000}{n}'}}" for n in range(5))


@pytest.fixture
def client() -> Iterator[TestClient]:
    store, embedder, document = MemoryStore(), WordEmbedder(), index(faq_source(FAQ))
    asyncio.run(Ingestion(document, store, embedder).run())
    with ThreadPoolExecutor(1) as threads:
        desk = Desk(document, store, lambda: {embedder.fingerprint: embedder}, threads)
        yield TestClient(Starlette(routes=VersionRoutes(lambda: desk).routes()))


def listed(client: TestClient, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/v1/versions/passages?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_pages_follow_each_other_without_gap_and_repetition(client: TestClient) -> None:
    whole = listed(client)
    assert (whole["version"], whole["languages"], len(whole["passages"])) == ("v1", ["zh", "en"], 5)
    chunks = [each["chunk"] for each in whole["passages"]]
    assert chunks == sorted(chunks)
    first = listed(client, "version=v1&limit=2")["passages"]
    second = listed(client, f"limit=3&after={first[-1]['chunk']}")["passages"]
    assert [*first, *second] == whole["passages"]
    assert listed(client, f"after={chunks[-1]}")["passages"] == []
    assert {len(each["text"]) for each in whole["passages"]} == {4_000}


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1", "²"])
def test_a_limit_beyond_the_bounds_is_refused(client: TestClient, limit: str) -> None:
    answer = client.get(f"/v1/versions/passages?limit={limit}")
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("limit: must be 1 to 200.")


def test_a_version_that_is_not_there_is_a_404(client: TestClient) -> None:
    assert client.get("/v1/versions/passages?version=v9").status_code == 404
