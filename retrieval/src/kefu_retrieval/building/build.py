"""Building one version aside, whole or on another, until it holds every row that its manifest names."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import NoReturn

from kefu_api.documents.index import LAYOUT, Index
from kefu_retrieval.building import ledger, waiting
from kefu_retrieval.building.filling import Filling, key_of, row_id
from kefu_retrieval.building.plan import Plan, Policy, by_document, plan, whole
from kefu_retrieval.building.shard import WHOLE, Shard
from kefu_retrieval.building.standing import Standing
from kefu_retrieval.building.survey import Survey, Unsettled
from kefu_retrieval.building.tally import Tally
from kefu_retrieval.building.vectors import collect
from kefu_retrieval.chunks.chunk import Chunk
from kefu_retrieval.embeddings.protocol import Embedder
from kefu_retrieval.errors import BuildSpoilt, CollectionGone, StoreFailed
from kefu_retrieval.progress import Progress
from kefu_retrieval.scratch.string_set import StringSet
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import Manifest, mark
from kefu_retrieval.versions.archive import Archive

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """The chunks that one shard stores."""

    stored: Callable[[], Iterator[Chunk]]
    chunks: int
    """How many those are."""
    total: int
    """How many all shards store."""


@dataclass(frozen=True)
class Stored:
    """What one run has done."""

    chunks: int
    """That fell to it; 0 where an earlier run has built the version."""
    embedded: int
    """Of these, those that had at least one vector computed."""


class Building:
    """Builds the version that an index document names."""

    def __init__(
        self,
        index: Index,
        store: Store,
        embedder: Embedder,
        clock: Callable[[], float],
        progress: Progress,
        policy: Policy,
        shard: Shard = WHOLE,
    ) -> None:
        """`clock` gives seconds since 1970."""
        self._index = index
        self._store = store
        self._embedder = embedder
        self._clock = clock
        self._progress = progress
        self._policy = policy
        self._shard = shard
        self._archive = Archive(store, index.store.alias)

    async def run(
        self, found: Survey, published: Standing | None, patience: float = waiting.PATIENCE_SECONDS
    ) -> Stored:
        """Make the version, or go on with it, until it is whole; a shard that does not lead, until its part is in.

        Args:
            found: what the sources hold.
            published: what readers search.
            patience: seconds for which nothing may come of other shards.

        Raises:
            BuildSpoilt: every shard must begin anew.
            RetrievalError: it is not whole; another run goes on with it.
            Unsettled: it must be built whole, and not all of its files were read.
        """
        if self._is_done(found):
            return Stored(0, 0)
        planned = self._plan(found, published)
        if planned.base is None and found.skipped:
            raise Unsettled
        wanted = self._manifest(found, planned)
        part = self._part(found, planned)
        try:
            with closing(await self._begun(wanted, patience)) as held:
                embedded = await self._fill(wanted, part, found, held)
            if self._shard.leads and not self._shard.alone:
                await self._whole(wanted, part, patience)
        except CollectionGone as gone:
            if self._shard.alone:
                raise
            raise BuildSpoilt(f"{gone}: another shard dropped it, and all begin anew") from gone
        if self._shard.leads:
            self._finish(wanted, planned, found)
        return Stored(part.chunks, embedded)

    def _is_done(self, found: Survey) -> bool:
        """Whether an earlier run has built this very version, whole or on whichever base."""
        held = self._store.manifest(self._index.collection)
        if held is None:
            return False
        wanted = self._manifest(found, Plan(held.rows, held.base, held.replaced))
        if not _equal(held, wanted):
            return False
        if not self._shard.leads:
            # The leader may be making it just now, so that it must not be loaded; and it is the leader who looks at all.
            return waiting.rows(self._store, self._index.collection) == held.rows
        # Of several shards one may have stored twice what another has not stored yet.
        return self._archive.whole(held) and (self._shard.alone or self._is_distinct(held.rows))

    def _plan(self, found: Survey, published: Standing | None) -> Plan:
        if published is None or not self.is_base(published.base):
            return whole(sum(len(chunk.probes) for chunk in found.chunks))
        rows = by_document(_rows(found))
        marks = (mark(name) for file in found.skipped for name in file.documents)
        rows |= {name: published.rows[name] for name in marks}
        return plan(published.base.version, published.rows, rows, self._policy)

    def is_base(self, base: Manifest) -> bool:
        """Whether a version can be built on this one: of the same vectors and shape, large enough, and whole."""
        shape = (base.embedder, base.dimension, base.sparse, base.layout)
        mine = (self._embedder.fingerprint, self._embedder.dimension, self._store.capabilities().sparse, LAYOUT)
        worth = base.version != self._index.version and base.rows >= self._policy.least
        return worth and shape == mine and self._archive.whole(base)

    def _manifest(self, found: Survey, planned: Plan) -> Manifest:
        return Manifest(
            alias=self._index.store.alias,
            version=self._index.version,
            embedder=self._embedder.fingerprint,
            dimension=self._embedder.dimension,
            documents=len(found.documents),
            chunks=found.total,
            rows=planned.rows,
            sparse=self._store.capabilities().sparse,
            created=self._clock(),
            base=planned.base,
            replaced=planned.replaced,
        )

    def _held(self, wanted: Manifest) -> StringSet | None:
        """Ids of the rows that an earlier run of the same build has inserted; None where it is better to begin anew."""
        collection = self._index.collection
        held = self._store.manifest(collection)
        if held is None or not _equal(held, wanted):
            return None
        try:
            self._store.load(collection)
        except CollectionGone:  # it was begun, and has no index
            return None
        count = self._store.count(collection)
        if count > wanted.rows:
            return None
        ids = StringSet(self._store.ids(collection))
        if len(ids) < count:  # more may be: other shards go on meanwhile
            ids.close()
            return None  # a row that is there twice: an insertion was repeated after a lost answer
        log.info("going on with a build", extra={"collection": collection, "held": count, "rows": wanted.rows})
        return ids

    async def _begun(self, wanted: Manifest, patience: float) -> StringSet:
        """Ids of the rows that are there, once there is a collection for them."""
        collection = self._index.collection
        if not self._shard.leads:
            await waiting.made(self._store, collection, lambda held: _equal(held, wanted), patience)
            return StringSet(self._store.ids(collection))
        held = self._held(wanted)
        if held is not None:
            return held
        if not self._shard.alone and self._store.manifest(collection) is not None:
            self._spoil(f"{collection} cannot be gone on with")
        self._store.drop(collection)
        self._store.create(collection, wanted)
        return StringSet()

    async def _fill(self, wanted: Manifest, part: Part, found: Survey, held: StringSet) -> int:
        if len(held) == wanted.rows:
            return 0
        tell = self._teller(wanted, part)
        tell(0)
        keys = (key_of(wanted.embedder, probe) for chunk in part.stored() for probe in chunk.probes)
        known = collect(self._store, self._elsewhere(wanted), keys, wanted.dimension)
        try:
            filling = Filling(self._store, self._index.collection, self._embedder, known, tell)
            return await filling.run(part.stored(), found.also, held)
        finally:
            known.close()

    def _part(self, found: Survey, planned: Plan) -> Part:
        """What this shard stores."""
        total = chunks = 0
        for chunk in found.chunks:
            if planned.stores(chunk.document):
                total += 1
                chunks += self._shard.has(chunk.document)
        return Part(
            lambda: (c for c in found.chunks if planned.stores(c.document) and self._shard.has(c.document)),
            chunks,
            total,
        )

    def _teller(self, wanted: Manifest, part: Part) -> Callable[[int], None]:
        """Tells how far this shard is; the leader, how far all of them are, by the rows that are there."""
        if self._shard.alone or not self._shard.leads:
            return lambda done: self._progress("Building", done, part.chunks)
        return lambda _: self._tell_all(wanted, part, self._store.count(self._index.collection))

    def _tell_all(self, wanted: Manifest, part: Part, count: int) -> None:
        self._progress("Building", min(part.total, part.total * count // max(1, wanted.rows)), part.total)

    async def _whole(self, wanted: Manifest, part: Part, patience: float) -> None:
        """Wait until the other shards have stored their parts, and see that no row is there twice."""
        collection = self._index.collection
        await waiting.filled(
            self._store, collection, wanted.rows, patience, lambda count: self._tell_all(wanted, part, count)
        )
        self._tell_all(wanted, part, wanted.rows)
        if self._store.count(collection) != wanted.rows or not self._is_distinct(wanted.rows):
            self._spoil(f"{collection} holds rows twice: an insertion was repeated after a lost answer")

    def _is_distinct(self, rows: int) -> bool:
        """Whether the collection holds so many different rows."""
        with closing(StringSet(self._store.ids(self._index.collection))) as ids:
            return len(ids) == rows

    def _spoil(self, why: str) -> NoReturn:
        """Drop what several were to fill, so that all of them begin anew."""
        self._store.drop(self._index.collection)
        raise BuildSpoilt(f"{why}; all shards begin anew")

    def _finish(self, wanted: Manifest, planned: Plan, found: Survey) -> None:
        """Make every row durable and visible, and remember what a later version need not read."""
        collection = self._index.collection
        self._store.seal(collection)
        count = self._store.count(collection)
        if count != wanted.rows:
            raise StoreFailed(
                f"{collection} holds {count} rows where {wanted.rows} were inserted; it will be built anew"
            )
        if planned.base is None and planned.rows >= self._policy.least:
            made = ledger.made_by(self._index)
            with closing(Tally(_rows(found))) as tally:
                lines = ledger.write(made, tally, found.settled(), found.documents)
                self._store.remember(collection, lines)

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


def _rows(found: Survey) -> Iterator[tuple[str, str]]:
    """Of what was read: documents and ids of rows."""
    return ((chunk.document, row_id(chunk, probe, found.also)) for chunk in found.chunks for probe in chunk.probes)


def _equal(one: Manifest, other: Manifest) -> bool:
    """Whether both say the same, save when they were written."""
    return one.model_copy(update={"created": other.created}) == other
