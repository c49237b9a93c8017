"""The ingestion job: build a version aside, verify it, and hand it to its release, which judges and publishes it.

A version is complete when its collection holds as many rows as its manifest (written when the collection is made) says; so a
build that was killed is recognised and built anew, and a complete one is only released again.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence

from kefu_api import digest
from kefu_api.documents.index import Index, IngestionReport, Skipped
from kefu_retrieval.chunks import terms
from kefu_retrieval.chunks.build import build
from kefu_retrieval.chunks.chunk import Chunk
from kefu_retrieval.embeddings.protocol import Embedder, Vectors
from kefu_retrieval.errors import NothingToIndex, StoreFailed
from kefu_retrieval.progress import Progress
from kefu_retrieval.sources import read
from kefu_retrieval.sources.document import Omission
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import Manifest, Payload, Row
from kefu_retrieval.versions.release import Release

log = logging.getLogger(__name__)

BATCH = 512
"""Rows embedded and inserted at a time."""


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
        reading = read.read(self._index)
        chunks = build(reading, self._index.chunking)
        if not chunks:
            raise NothingToIndex(_nothing(reading.omissions))
        manifest = self._manifest(reading.documents, chunks)
        embedded = 0
        if not self._complete(manifest):
            embedded = await self._build(manifest, chunks)
        log.info("built", extra={"version": manifest.version, "chunks": manifest.chunks, "embedded": embedded})
        outcome = await Release(self._index, self._store, self._embedder, self._progress).run()
        return IngestionReport(
            version=self._index.version,
            published=outcome.published,
            documents=manifest.documents,
            chunks=manifest.chunks,
            embedded=embedded,
            skipped=tuple(Skipped(document=left.document, reason=left.reason) for left in reading.omissions),
            skipped_total=len(reading.omissions),
            judgement=outcome.judgement,
            changes=outcome.changes,
            versions=outcome.versions,
            volume=self._index.volume,
        )

    def _manifest(self, documents: int, chunks: Sequence[Chunk]) -> Manifest:
        return Manifest(
            alias=self._index.store.alias,
            version=self._index.version,
            embedder=self._embedder.fingerprint,
            dimension=self._embedder.dimension,
            documents=documents,
            chunks=len(chunks),
            rows=sum(len(chunk.probes) for chunk in chunks),
            sparse=self._store.capabilities().sparse,
            created=self._clock(),
        )

    def _complete(self, wanted: Manifest) -> bool:
        """Whether an earlier run has built this version to its end."""
        held = self._store.manifest(self._index.collection)
        if held is None or held.model_copy(update={"created": wanted.created}) != wanted:
            return False
        self._store.load(self._index.collection)
        return self._store.count(self._index.collection) == wanted.rows

    async def _build(self, manifest: Manifest, chunks: Sequence[Chunk]) -> int:
        """Make and fill the collection; how many chunks had at least one vector computed."""
        collection = self._index.collection
        known = self._published_source(manifest)
        self._store.drop(collection)
        self._store.create(collection, manifest)
        computed: set[str] = set()
        done: set[str] = set()
        for probes in _batches(chunks):
            keys = [self._key(probe) for _, probe in probes]
            vectors = self._store.vectors(known, keys) if known else {}
            missing = {key: probe for key, (_, probe) in zip(keys, probes, strict=True) if key not in vectors}
            vectors |= await self._embed(missing)
            computed |= {chunk.id for key, (chunk, _) in zip(keys, probes, strict=True) if key in missing}
            rows = [_row(chunk, probe, key, vectors[key]) for key, (chunk, probe) in zip(keys, probes, strict=True)]
            self._store.insert(collection, rows)
            done.update(chunk.id for chunk, _ in probes)
            self._progress("Building", len(done), manifest.chunks)
        self._store.seal(collection)
        held = self._store.count(collection)
        if held != manifest.rows:
            raise StoreFailed(
                f"{collection} holds {held} rows where {manifest.rows} were inserted; it will be built anew"
            )
        return len(computed)

    def _published_source(self, wanted: Manifest) -> str | None:
        """The published collection, if its vectors are of the same space as the wanted ones."""
        published = self._store.published(self._index.store.alias)
        if published is None or published == self._index.collection:
            return None
        held = self._store.manifest(published)
        if held is None or (held.embedder, held.dimension) != (wanted.embedder, wanted.dimension):
            return None
        self._store.load(published)
        return published

    async def _embed(self, texts: dict[str, str]) -> dict[str, Vectors]:
        if not texts:
            return {}
        return dict(zip(texts, await self._embedder.embed(list(texts.values())), strict=True))

    def _key(self, probe: str) -> str:
        return digest.of_value([self._embedder.fingerprint, probe])


def _batches(chunks: Sequence[Chunk]) -> Iterator[list[tuple[Chunk, str]]]:
    batch: list[tuple[Chunk, str]] = []
    for chunk in chunks:
        batch += [(chunk, probe) for probe in chunk.probes]
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _row(chunk: Chunk, probe: str, key: str, vector: Vectors) -> Row:
    payload = Payload(
        chunk=chunk.id,
        document=chunk.document,
        title=chunk.title,
        headings=chunk.headings,
        text=chunk.text,
        language=chunk.language,
        tags=chunk.tags,
        probe=probe,
    )
    return Row(digest.of_value([chunk.id, probe])[:32], key, payload, terms.normal(probe), vector)


def _nothing(omissions: Sequence[Omission]) -> str:
    if not omissions:
        return "the sources hold no document; add a file, or correct the sources"
    first = omissions[0]
    return (
        f"none of the sources gave anything to index; {len(omissions)} left out, first {first.document}: {first.reason}"
    )
