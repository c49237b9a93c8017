"""Building one version aside, whole or on another, until it holds every row that its manifest names."""

import logging
from collections.abc import Callable, Iterator

from kefu_api.documents.index import LAYOUT, Index
from kefu_retrieval.building import ledger
from kefu_retrieval.building.filling import Filling, key_of, row_id
from kefu_retrieval.building.plan import Plan, Policy, Rows, by_document, plan, whole
from kefu_retrieval.building.standing import Standing
from kefu_retrieval.building.survey import Survey, Unsettled
from kefu_retrieval.building.vectors import collect
from kefu_retrieval.chunks.chunk import Chunk
from kefu_retrieval.embeddings.protocol import Embedder
from kefu_retrieval.errors import StoreFailed
from kefu_retrieval.progress import Progress
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import Manifest, mark
from kefu_retrieval.versions.archive import Archive

log = logging.getLogger(__name__)


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
    ) -> None:
        """`clock` gives seconds since 1970."""
        self._index = index
        self._store = store
        self._embedder = embedder
        self._clock = clock
        self._progress = progress
        self._policy = policy
        self._archive = Archive(store, index.store.alias)

    async def run(self, found: Survey, published: Standing | None) -> int:
        """Make the version, or go on with it, until it is whole; how many chunks had at least one vector computed.

        Raises:
            RetrievalError: it is not whole; another run goes on with it.
            Unsettled: it must be built whole, and not all of its files were read.
        """
        if self._is_done(found):
            return 0
        planned = self._plan(found, published)
        if planned.base is None and found.skipped:
            raise Unsettled
        wanted = self._manifest(found, planned)
        collection = self._index.collection
        held = self._held(wanted)
        if held is None:
            self._store.drop(collection)
            self._store.create(collection, wanted)
        embedded = await self._fill(wanted, planned, found, held or set())
        self._store.seal(collection)
        count = self._store.count(collection)
        if count != wanted.rows:
            raise StoreFailed(
                f"{collection} holds {count} rows where {wanted.rows} were inserted; it will be built anew"
            )
        if planned.base is None and planned.rows >= self._policy.least:
            lines = ledger.write(ledger.made_by(self._index), _rows(found), found.settled())
            self._store.remember(collection, lines)
        return embedded

    def _is_done(self, found: Survey) -> bool:
        """Whether an earlier run has built this very version, whole or on whichever base."""
        held = self._store.manifest(self._index.collection)
        if held is None:
            return False
        wanted = self._manifest(found, Plan(held.rows, held.base, held.replaced))
        return _equal(held, wanted) and self._archive.whole(held)

    def _plan(self, found: Survey, published: Standing | None) -> Plan:
        rows = _rows(found)
        if published is None or not self.is_base(published.base):
            return whole(rows)
        marks = (mark(name) for filed in found.skipped for name in filed.documents)
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

    def _held(self, wanted: Manifest) -> set[str] | None:
        """Ids of the rows that an earlier run of the same build has inserted; None where it is better to begin anew."""
        collection = self._index.collection
        held = self._store.manifest(collection)
        if held is None or not _equal(held, wanted):
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

    async def _fill(self, wanted: Manifest, planned: Plan, found: Survey, held: set[str]) -> int:
        if len(held) == wanted.rows:
            return 0
        total = sum(1 for _ in _stored(found, planned))
        self._progress("Building", 0, total)
        keys = (key_of(wanted.embedder, probe) for chunk in _stored(found, planned) for probe in chunk.probes)
        known = collect(self._store, self._elsewhere(wanted), keys, wanted.dimension)
        try:
            filling = Filling(
                self._store,
                self._index.collection,
                self._embedder,
                known,
                lambda done: self._progress("Building", done, total),
            )
            return await filling.run(_stored(found, planned), found.also, held)
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


def _rows(found: Survey) -> dict[str, Rows]:
    """Of what was read, by document."""
    ids = ((chunk.document, row_id(chunk, probe, found.also)) for chunk in found.chunks for probe in chunk.probes)
    return by_document(ids)


def _stored(found: Survey, planned: Plan) -> Iterator[Chunk]:
    return (chunk for chunk in found.chunks if planned.stores(chunk.document))


def _equal(one: Manifest, other: Manifest) -> bool:
    """Whether both say the same, save when they were written."""
    return one.model_copy(update={"created": other.created}) == other
