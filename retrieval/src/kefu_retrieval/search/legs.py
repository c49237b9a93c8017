"""Both legs of a search, asked of one version: the nearest rows by vector, and the best by keywords."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from kefu_api.documents.index import SearchSettings
from kefu_retrieval.embeddings.protocol import Embedder, Vectors
from kefu_retrieval.errors import EmbedderMismatch
from kefu_retrieval.metrics import LEG_SECONDS
from kefu_retrieval.search import layers
from kefu_retrieval.search.fusion import Leg
from kefu_retrieval.search.question import Question
from kefu_retrieval.search.versions import Version

ROWS_PER_CHUNK = 2
"""Rows asked of a leg for each candidate: a chunk has several rows, and those of a good one come together."""

T = TypeVar("T")


class Legs:
    """Asks a version's layers; blocking calls run on `threads`, never on the event loop."""

    def __init__(self, embedders: Callable[[], Mapping[str, Embedder]], threads: Executor) -> None:
        """`embedders`: those at hand now, by fingerprint."""
        self._embedders = embedders
        self._threads = threads

    async def of(self, version: Version, questions: Sequence[Question], settings: SearchSettings) -> list[list[Leg]]:
        """The legs of each question; a single one is embedded while its words are looked up, several at once before.

        Raises:
            RetrievalError: the store or the embedding cannot be asked, or does not fit the version.
        """
        if len(questions) == 1:
            return [await self._both(version, questions[0], None, settings, ROWS_PER_CHUNK * settings.candidates)]
        vectors = await self._vectors(version, questions)
        found = (
            self._both(version, question, vector, settings, settings.candidates)
            for question, vector in zip(questions, vectors, strict=True)
        )
        return list(await asyncio.gather(*found))

    async def _both(
        self, version: Version, question: Question, vector: Vectors | None, settings: SearchSettings, rows: int
    ) -> list[Leg]:
        legs = [self._dense(version, question, vector, settings, rows)]
        if version.manifest.sparse and settings.sparse > 0:
            legs.append(self._sparse(version, question, settings, rows))
        return list(await asyncio.gather(*legs))

    async def _vectors(self, version: Version, questions: Sequence[Question]) -> Vectors:
        embedder = self._embedders().get(version.manifest.embedder)
        if embedder is None:
            raise EmbedderMismatch(
                f"version {version.manifest.version} was built with {version.manifest.embedder};"
                " it can be searched again when a version with the present embedding is published"
            )
        with LEG_SECONDS.labels("embed").time():
            return await embedder.embed([question.text for question in questions])

    async def _dense(
        self, version: Version, question: Question, vector: Vectors | None, settings: SearchSettings, rows: int
    ) -> Leg:
        asked = vector if vector is not None else (await self._vectors(version, [question]))[0]
        with LEG_SECONDS.labels("dense").time():
            found = await self._all([partial(layer.dense, asked, rows) for layer in version.layers])
        return Leg("dense", settings.dense, found[0] if len(found) == 1 else layers.dense(found, rows))

    async def _sparse(self, version: Version, question: Question, settings: SearchSettings, rows: int) -> Leg:
        with LEG_SECONDS.labels("sparse").time():
            found = await self._all([partial(layer.sparse, question.normal, rows) for layer in version.layers])
        if len(found) == 1:
            return Leg("sparse", settings.sparse, found[0])
        features = version.lexicon.features(question.normal)
        return Leg("sparse", settings.sparse, layers.sparse(found, rows, features, version.lexicon))

    async def _all(self, acts: Sequence[Callable[[], T]]) -> list[T]:
        loop = asyncio.get_running_loop()
        if len(acts) == 1:
            return [await loop.run_in_executor(self._threads, acts[0])]
        return list(await asyncio.gather(*(loop.run_in_executor(self._threads, act) for act in acts)))
