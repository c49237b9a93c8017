"""The ingestion job: build a version aside, verify it, and hand it to its release, which judges and publishes it.

A version is complete when its collection holds as many rows as its manifest (written when the collection is made) says; so a
build that was killed is recognised and goes on where it was, and a complete one is only released again.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence

from kefu_api.documents.index import Index, IngestionReport, Skipped
from kefu_retrieval.building.filling import Filling, key_of
from kefu_retrieval.building.loss import Loss, loss
from kefu_retrieval.building.survey import Survey, survey
from kefu_retrieval.building.vectors import collect
from kefu_retrieval.chunks.chunk import Chunk
from kefu_retrieval.embeddings.protocol import Embedder
from kefu_retrieval.errors import NothingToIndex, StoreFailed, TooMuchLost
from kefu_retrieval.progress import Progress
from kefu_retrieval.sources import read
from kefu_retrieval.sources.document import Omission
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import Manifest
from kefu_retrieval.versions.release import Outcome, Release

log = logging.getLogger(__name__)

TOLD = 20
"""Repeated lines and pairs of like documents that a report names; it counts the others."""


class Ingestion:
    """One run for one index document."""

    def __init__(self, index: Index, store: Store, embedder: Embedder, clock: Callable[[], float] = time.time) -> None:
        self._index = index
        self._store = store
        self._embedder = embedder
        self._clock = clock
        self._progress = Progress()

    async def run(self) -> IngestionReport:
        """Build if need be, publish, tidy up.

        Raises:
            RetrievalError: whatever went wrong, `temporary` or not; the published version is untouched.
        """
        found = survey(read.stream(self._index), self._index.chunking)
        try:
            if not len(found.chunks):
                raise NothingToIndex(_nothing(found.omissions))
            lost = self._lost(found)
            embedded = await self._build(self._manifest(found), found)
        finally:
            found.close()
        log.info("built", extra={"version": self._index.version, "chunks": len(found.chunks), "embedded": embedded})
        outcome = await Release(self._index, self._store, self._embedder, self._progress).run()
        return self._report(found, embedded, lost, outcome)

    def _manifest(self, found: Survey) -> Manifest:
        return Manifest(
            alias=self._index.store.alias,
            version=self._index.version,
            embedder=self._embedder.fingerprint,
            dimension=self._embedder.dimension,
            documents=len(found.documents),
            chunks=len(found.chunks),
            rows=found.rows,
            sparse=self._store.capabilities().sparse,
            created=self._clock(),
        )

    def _lost(self, found: Survey) -> Loss | None:
        """What the published version says and this one does not; None where no other is published."""
        published = self._store.published(self._index.store.alias)
        if published is None or published == self._index.collection:
            return None
        lost = loss(self._store, published, found.documents)
        if lost and lost.beyond(self._index.max_loss):
            raise TooMuchLost(
                f"version {self._index.version} would lack {lost.documents} of the {lost.of} published documents, and"
                f" publishing.maxLoss is {self._index.max_loss:g}; correct the sources, or raise publishing.maxLoss"
            )
        return lost

    async def _build(self, wanted: Manifest, found: Survey) -> int:
        """Make the collection, or go on with it, until it is whole; how many chunks had at least one vector computed."""
        collection = self._index.collection
        held = self._held(wanted)
        if held is None:
            self._store.drop(collection)
            self._store.create(collection, wanted)
        embedded = 0
        if held is None or len(held) < wanted.rows:
            embedded = await self._fill(wanted, found, held or set())
        self._store.seal(collection)
        count = self._store.count(collection)
        if count != wanted.rows:
            raise StoreFailed(
                f"{collection} holds {count} rows where {wanted.rows} were inserted; it will be built anew"
            )
        return embedded

    def _held(self, wanted: Manifest) -> set[str] | None:
        """Ids of the rows that an earlier run of the same build has inserted; None where it is better to begin anew."""
        collection = self._index.collection
        held = self._store.manifest(collection)
        if held is None or held.model_copy(update={"created": wanted.created}) != wanted:
            return None
        self._store.load(collection)
        count = self._store.count(collection)
        if count > wanted.rows:
            return None
        ids = set(self._store.ids(collection))
        if len(ids) != count:
            return None  # a row that is there twice: an insertion was repeated after a lost answer
        log.info("going on with a build", extra={"collection": collection, "held": count, "rows": wanted.rows})
        return ids

    async def _fill(self, wanted: Manifest, found: Survey, held: set[str]) -> int:
        total = len(found.chunks)
        self._progress("Building", 0, total)
        known = collect(self._store, self._elsewhere(wanted), self._keys(found.chunks), wanted.dimension)
        try:
            filling = Filling(
                self._store,
                self._index.collection,
                self._embedder,
                known,
                lambda done: self._progress("Building", done, total),
            )
            return await filling.run(found.chunks, found.also, held)
        finally:
            known.close()

    def _elsewhere(self, wanted: Manifest) -> list[str]:
        """Other versions whose vectors are of the same space, the published one first, then the newest."""
        alias = self._index.store.alias
        published = self._store.published(alias)
        names = [
            f"{alias}_{held.version}"
            for held in reversed(self._store.collections(alias))
            if (held.embedder, held.dimension) == (wanted.embedder, wanted.dimension)
        ]
        return sorted((name for name in names if name != self._index.collection), key=lambda name: name != published)

    def _keys(self, chunks: Iterable[Chunk]) -> Iterable[str]:
        return (key_of(self._embedder.fingerprint, probe) for chunk in chunks for probe in chunk.probes)

    def _report(self, found: Survey, embedded: int, lost: Loss | None, outcome: Outcome) -> IngestionReport:
        return IngestionReport(
            version=self._index.version,
            published=outcome.published,
            documents=len(found.documents),
            chunks=len(found.chunks),
            embedded=embedded,
            lost=round(lost.share, 4) if lost else None,
            duplicates=found.duplicates,
            alike=found.alike[:TOLD],
            alike_total=len(found.alike),
            repeated=found.repeated[:TOLD],
            repeated_total=len(found.repeated),
            skipped=tuple(Skipped(document=left.document, reason=left.reason) for left in found.omissions),
            skipped_total=len(found.omissions),
            judgement=outcome.judgement,
            changes=outcome.changes,
            versions=outcome.versions,
            answering=outcome.answering,
            volume=self._index.volume,
        )


def _nothing(omissions: Sequence[Omission]) -> str:
    if not omissions:
        return "the sources hold no document; add a file, or correct the sources"
    first = omissions[0]
    return (
        f"none of the sources gave anything to index; {len(omissions)} left out, first {first.document}: {first.reason}"
    )
