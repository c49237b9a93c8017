"""Filling a collection: chunks become rows in batches, and while one batch is inserted the next one is embedded.

Rows have deterministic ids, so a build that was killed goes on where it was: rows that are there are left alone.
"""

import asyncio
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping

from kefu_api import digest
from kefu_retrieval.building.vectors import KnownVectors
from kefu_retrieval.chunks import terms
from kefu_retrieval.chunks.chunk import Chunk
from kefu_retrieval.embeddings.protocol import Embedder, Vectors
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import Payload, Row

BATCH = 512
"""Rows embedded and inserted at a time, or somewhat more: the rows of a chunk stay together."""

Probe = tuple[Chunk, str, str]
"""A chunk, one of its probes, and the probe's key."""


class Filling:
    """Fills one collection."""

    def __init__(
        self,
        store: Store,
        collection: str,
        embedder: Embedder,
        known: KnownVectors,
        progress: Callable[[int], None],
    ) -> None:
        """`progress` is told how many chunks are in."""
        self._store = store
        self._collection = collection
        self._embedder = embedder
        self._known = known
        self._progress = progress

    async def run(self, chunks: Iterable[Chunk], also: Mapping[str, tuple[str, ...]], held: Container[str] = ()) -> int:
        """Insert every row whose id is not in `held`; how many chunks had at least one vector computed.

        Raises:
            RetrievalError: a batch could not be embedded or inserted; those before it are in.
        """
        computed = done = 0
        inserting: asyncio.Task[None] | None = None
        try:
            for batch in batches(chunks, self._embedder.fingerprint):
                wanted = [probe for probe in batch if row_id(probe[0], probe[1], also) not in held]
                vectors, fresh = await self._vectors(wanted)
                computed += len({chunk.id for chunk, _, key in wanted if key in fresh})
                rows = [_row(chunk, probe, key, vectors[key], also) for chunk, probe, key in wanted]
                if inserting:
                    await inserting
                    self._progress(done)
                inserting = asyncio.create_task(asyncio.to_thread(self._store.insert, self._collection, rows))
                done += len({chunk.id for chunk, _, _ in batch})
            if inserting:
                await inserting
                self._progress(done)
        finally:
            if inserting and not inserting.done():
                await asyncio.wait([inserting])
        return computed

    async def _vectors(self, batch: list[Probe]) -> tuple[dict[str, Vectors], Collection[str]]:
        """The batch's vectors by key, and which of them were computed."""
        vectors = self._known.get(key for _, _, key in batch)
        missing = {key: probe for _, probe, key in batch if key not in vectors}
        if missing:
            vectors.update(zip(missing, await self._embedder.embed(list(missing.values())), strict=True))
        return vectors, missing.keys()


def key_of(fingerprint: str, probe: str) -> str:
    """Names what was embedded and how: equal keys, equal vectors."""
    return digest.of_text(f"{fingerprint}\0{probe}")


def row_id(chunk: Chunk, probe: str, also: Mapping[str, tuple[str, ...]]) -> str:
    """Deterministic id of a row, 32 hex digits of SHA-256 over all that it holds: of equal ids, the rows are equal."""
    return digest.of_value([chunk.id, chunk.content, chunk.page, also.get(chunk.id, ()), probe])[:32]


def batches(chunks: Iterable[Chunk], fingerprint: str) -> Iterator[list[Probe]]:
    """The chunks' probes, some hundred at a time."""
    batch: list[Probe] = []
    for chunk in chunks:
        batch += [(chunk, probe, key_of(fingerprint, probe)) for probe in chunk.probes]
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _row(chunk: Chunk, probe: str, key: str, vector: Vectors, also: Mapping[str, tuple[str, ...]]) -> Row:
    payload = Payload(
        chunk=chunk.id,
        document=chunk.document,
        title=chunk.title,
        headings=chunk.headings,
        text=chunk.text,
        language=chunk.language,
        tags=chunk.tags,
        probe=probe,
        page=chunk.page,
        valid_from=chunk.valid_from,
        valid_until=chunk.valid_until,
        content=chunk.content,
        also=also.get(chunk.id, ()),
    )
    return Row(row_id(chunk, probe, also), key, payload, terms.normal(probe), vector)
