"""Both legs of a search, asked of one version: the nearest rows by vector, and the best by keywords."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial

from kefu_api.documents.index import SearchSettings
from kefu_retrieval.embeddings.protocol import Embedder, Vectors
from kefu_retrieval.errors import EmbedderMismatch
from kefu_retrieval.metrics import LEG_SECONDS
from kefu_retrieval.search import layers
from kefu_retrieval.search.fusion import Leg
from kefu_retrieval.search.lexicon import Lexicon
from kefu_retrieval.search.question import Question
from kefu_retrieval.search.versions import Version
from kefu_retrieval.store.rows import Found

ROWS_PER_CHUNK = 2
"""Rows asked of a leg for each candidate: a chunk has several rows, and those of a good one come together."""

Asking = Callable[[], list[Found]]
"""Of one layer."""


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
        running = _Running(version.lexicon)
        words = wide = None
        try:
            if version.manifest.sparse and settings.sparse > 0:
                words = self._begin(
                    running, "sparse", [partial(each.sparse, question.normal, rows) for each in version.layers]
                )
            asked = vector if vector is not None else (await self._vectors(version, [question]))[0]
            wide = self._begin(running, "dense", [partial(each.dense, asked, rows) for each in version.layers])
            legs = [_dense([await each for each in wide], settings, rows)]
            if words:
                legs.append(_sparse([await each for each in words], question, version, settings, rows))
            return legs
        finally:
            for each in (*(words or ()), *(wide or ())):
                _dismiss(each)

    async def _vectors(self, version: Version, questions: Sequence[Question]) -> Vectors:
        embedder = self._embedders().get(version.manifest.embedder)
        if embedder is None:
            raise EmbedderMismatch(
                f"version {version.manifest.version} was built with {version.manifest.embedder};"
                " it can be searched again when a version with the present embedding is published"
            )
        with LEG_SECONDS.labels("embed").time():
            return await embedder.embed([question.text for question in questions])

    def _begin(self, running: "_Running", leg: str, acts: Sequence[Asking]) -> list[asyncio.Future[list[Found]]]:
        """Ask every layer; futures cost less than tasks, and there are no others to switch to."""
        loop = asyncio.get_running_loop()
        running.legs.add(leg)
        return [loop.run_in_executor(self._threads, running.asked, leg, act) for act in acts]


class _Running:
    """The legs of one question that are under way."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.legs: set[str] = set()
        self._lexicon = lexicon

    def asked(self, leg: str, act: Asking) -> list[Found]:
        """Ask, and read what comes while the other leg is under way: all candidates will be looked at together afterwards."""
        with LEG_SECONDS.labels(leg).time():
            found = act()
        self.legs.discard(leg)
        if self.legs:
            self._lexicon.read_ahead(row.payload for row in found)
        return found


def _dismiss(asked: asyncio.Future[list[Found]]) -> None:
    """Where one leg failed, nobody waits for the other; asyncio would tell of what it raised."""
    if not asked.cancel() and not asked.cancelled():
        asked.exception()


def _dense(found: Sequence[list[Found]], settings: SearchSettings, rows: int) -> Leg:
    return Leg("dense", settings.dense, found[0] if len(found) == 1 else layers.dense(found, rows))


def _sparse(
    found: Sequence[list[Found]], question: Question, version: Version, settings: SearchSettings, rows: int
) -> Leg:
    if len(found) == 1:
        return Leg("sparse", settings.sparse, found[0])
    features = version.lexicon.features(question.normal)
    return Leg("sparse", settings.sparse, layers.sparse(found, rows, features, version.lexicon))
