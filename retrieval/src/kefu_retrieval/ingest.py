"""The ingestion job: build a version aside, verify it, and hand it to its release, which judges and publishes it.

A version is complete when its collection holds as many rows as its manifest (written when the collection is made) says; so a
build that was killed is recognised and goes on where it was, and a complete one is only released again.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass

from kefu_api.documents.index import Index, IngestionReport, ShardReport, Skipped
from kefu_retrieval.building.build import Building, Stored
from kefu_retrieval.building.ledger import Ledger, made_by
from kefu_retrieval.building.loss import Loss, loss
from kefu_retrieval.building.plan import Policy
from kefu_retrieval.building.shard import WHOLE, Shard
from kefu_retrieval.building.standing import Standing, standing
from kefu_retrieval.building.survey import Survey, Unsettled, survey
from kefu_retrieval.building.waiting import patience
from kefu_retrieval.embeddings.protocol import Embedder
from kefu_retrieval.errors import NothingToIndex, TooMuchLost
from kefu_retrieval.progress import Progress
from kefu_retrieval.search.reranking import Reranking
from kefu_retrieval.sources import read
from kefu_retrieval.sources.document import Omission
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.versions.release import Outcome, Release

log = logging.getLogger(__name__)

TOLD = 20
"""Repeated lines and pairs of like documents that a report names; it counts the others."""


@dataclass(frozen=True)
class Built:
    """A version that holds every row, or a part of one."""

    found: Survey
    stored: Stored
    lost: Loss | None
    before: Standing | None
    """What readers searched meanwhile."""

    def names(self) -> Iterator[str]:
        """Documents of both versions, as far as they are known."""
        yield from self.found.documents
        yield from self.before.named() if self.before else ()


class Ingestion:
    """One run for one index document."""

    def __init__(
        self,
        index: Index,
        store: Store,
        embedder: Embedder,
        clock: Callable[[], float] = time.time,
        policy: Policy | None = None,
        reranking: Reranking | None = None,
        shard: Shard = WHOLE,
    ) -> None:
        """`reranking`: what orders the candidates of golden questions, where the index has a reranker."""
        self._index = index
        self._store = store
        self._embedder = embedder
        self._clock = clock
        self._policy = policy or Policy()
        self._reranking = reranking
        self._progress = Progress()
        self._shard = shard

    async def run(self) -> IngestionReport:
        """Build if need be, publish, tidy up; among several shards, the leader's work.

        Raises:
            RetrievalError: whatever went wrong, `temporary` or not; the published version is untouched.
        """
        built = await self._built()
        with closing(built.found):
            outcome = await self._release().run(built.names())
            return self._report(built, outcome)

    async def run_part(self) -> ShardReport:
        """Store what falls to a shard that does not lead.

        Raises:
            RetrievalError: as `run` does.
        """
        built = await self._built()
        built.found.close()
        stored = built.stored
        return ShardReport(
            version=self._index.version,
            shard=self._shard.number,
            shards=self._shard.of,
            chunks=stored.chunks,
            embedded=stored.embedded,
        )

    async def _built(self) -> Built:
        published = self._published()
        with closing(published) if published else nullcontext():
            return await self._built_beside(published)

    async def _built_beside(self, published: Standing | None) -> Built:
        building = Building(
            self._index, self._store, self._embedder, self._clock, self._progress, self._policy, self._shard
        )
        known = published.ledger if published and building.is_base(published.base) else None
        try:
            return await self._build(building, published, known)
        except Unsettled:
            log.info("reading every file", extra={"version": self._index.version})
            return await self._build(building, published, None)

    async def _build(self, building: Building, published: Standing | None, known: Ledger | None) -> Built:
        began = time.monotonic()
        readings = read.stream(self._index, known.files if known else ())
        found = survey(readings, self._index.chunking, known)
        try:
            if not found.total:
                raise NothingToIndex(_nothing(found.omissions))
            lost = self._lost(found, published) if self._shard.leads else None
            stored = await building.run(found, published, patience(time.monotonic() - began))
        except BaseException:
            found.close()
            raise
        log.info("built", extra={"version": self._index.version, "chunks": found.total, "embedded": stored.embedded})
        return Built(found, stored, lost, published)

    def _release(self) -> Release:
        return Release(self._index, self._store, self._embedder, self._progress, self._reranking)

    def _lost(self, found: Survey, published: Standing | None) -> Loss | None:
        """What the published version says and this one does not; None where no other is published."""
        if published is None:
            return None
        lost = loss(published.documents, found.documents)
        if lost.beyond(self._index.max_loss):
            raise TooMuchLost(
                f"version {self._index.version} would lack {lost.documents} of the {lost.of} published documents, and"
                f" publishing.maxLoss is {self._index.max_loss:g}; correct the sources, or raise publishing.maxLoss"
            )
        return lost

    def _published(self) -> Standing | None:
        """The version that readers search, if it is another than this one."""
        collection = self._store.published(self._index.store.alias)
        return standing(self._store, collection, made_by(self._index)) if collection != self._index.collection else None

    def _report(self, built: Built, outcome: Outcome) -> IngestionReport:
        found, lost = built.found, built.lost
        return IngestionReport(
            version=self._index.version,
            published=outcome.published,
            documents=len(found.documents),
            chunks=found.total,
            embedded=built.stored.embedded,
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
