"""Both legs of a search run at once; what comes first is read meanwhile, and what fails leaves nothing behind."""

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kefu_retrieval.embeddings.protocol import Vectors
from kefu_retrieval.errors import StoreUnreachable
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.search.legs import Legs
from kefu_retrieval.search.question import Question
from kefu_retrieval.search.versions import Version, Versions
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.store.rows import Found
from tests.unit.test_retrieval.doubles import WordEmbedder, faq_source, index

ALIAS = "kefu_acme_shop"
PATIENCE = 30.0


class Staged(MemoryStore):
    """Its dense leg waits until it may go on; each leg may fail."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.asked_both = threading.Event(), threading.Barrier(2, timeout=PATIENCE)
        self.failing: set[str] = set()

    def dense(self, collection: str, vector: Vectors, limit: int) -> list[Found]:
        """Not before the other leg was asked, and not before it may."""
        self.asked_both.wait()
        assert self.go.wait(PATIENCE)
        if "dense" in self.failing:
            raise StoreUnreachable("dense")
        return super().dense(collection, vector, limit)

    def sparse(self, collection: str, terms: str, limit: int) -> list[Found]:
        """Not before the other leg was asked."""
        self.asked_both.wait()
        if "sparse" in self.failing:
            raise StoreUnreachable("sparse")
        return super().sparse(collection, terms, limit)


async def published(store: MemoryStore) -> Version:
    source = faq_source("- {id: a, question: How do I return a phone, answer: Within seven days}\n")
    await Ingestion(index(source), store, WordEmbedder()).run()
    return Versions(store, ALIAS).current()


def ask(version: Version, threads: ThreadPoolExecutor) -> "asyncio.Task[list[Any]]":
    embedder = WordEmbedder()
    legs = Legs(lambda: {embedder.fingerprint: embedder}, threads)
    question = Question.of("return a phone", version.lexicon.vocabulary)
    return asyncio.ensure_future(legs.of(version, [question], index().search))


async def test_what_the_first_leg_brings_is_read_while_the_other_is_under_way() -> None:
    store = Staged()
    version = await published(store)
    read: list[str] = []
    reading, passage = threading.Event(), version.lexicon.passage

    def noted(payload: Any) -> Any:
        read.append(payload.chunk)
        reading.set()
        return passage(payload)

    version.lexicon.passage = noted  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as threads:
        asked = ask(version, threads)
        assert await asyncio.to_thread(reading.wait, PATIENCE)
        assert not asked.done()
        store.go.set()
        ((dense, sparse),) = await asked
    assert (dense.name, sparse.name) == ("dense", "sparse")
    assert read == [row.payload.chunk for row in sparse.found]
    assert dense.found


@pytest.mark.parametrize("failing", [{"dense"}, {"sparse"}, {"dense", "sparse"}])
async def test_a_leg_that_fails_is_told_once_and_by_nobody_else(failing: set[str]) -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    store = Staged()
    version = await published(store)
    store.failing = failing
    store.go.set()
    with ThreadPoolExecutor(2) as threads:
        asked = ask(version, threads)
        with pytest.raises(StoreUnreachable):
            await asked
    await asyncio.sleep(0)
    del asked
    gc.collect()
    assert told == []
