"""The end of an ingestion: what was built aside is compared, judged, gated, published or not, and old versions go."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kefu_api.documents.index import HeldVersion, Index, Judgement, VersionChanges
from kefu_retrieval.embeddings.protocol import Embedder
from kefu_retrieval.errors import StoreRefused
from kefu_retrieval.evaluation import judge, questions
from kefu_retrieval.evaluation.questions import Question
from kefu_retrieval.evaluation.scores import Finding
from kefu_retrieval.progress import Progress
from kefu_retrieval.search.calibration import Calibration
from kefu_retrieval.search.reranking import Reranking
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import Manifest
from kefu_retrieval.versions.archive import Archive
from kefu_retrieval.versions.asking import ask_version
from kefu_retrieval.versions.compare import TooManyRows, compare

log = logging.getLogger(__name__)

COMPARED_UP_TO = 400_000
"""Rows of a collection up to which it is read to compare chunks: beyond it the reading would cost more than it tells."""


@dataclass(frozen=True)
class Outcome:
    """What became of a version."""

    published: bool
    """Whether the alias points at it now."""
    answering: str | None
    """The version that the alias points at now."""
    judgement: Judgement | None
    changes: VersionChanges | None
    versions: tuple[HeldVersion, ...]


class Release:
    """Brings the version that an index document names before the readers, or says why not."""

    def __init__(
        self,
        index: Index,
        store: Store,
        embedder: Embedder,
        progress: Progress | None = None,
        reranking: Reranking | None = None,
    ) -> None:
        self._index = index
        self._store = store
        self._embedders: Mapping[str, Embedder] = {embedder.fingerprint: embedder}
        self._progress = progress or Progress()
        self._reranking = reranking.patient() if reranking else None
        self._archive = Archive(store, index.store.alias)

    async def run(self, known: Iterable[str] = ()) -> Outcome:
        """Compare, judge, publish where all gates hold and the document wants it, and tidy up.

        `known`: names of documents of this version and of the published one, as far as somebody has them at hand.

        Raises:
            RetrievalError: nothing is published by halves; what readers search stays as it was.
        """
        built, before = self._archive.find(self._index.version), self._archive.published()
        older = before if before and before.version != built.version else None
        changes = self._changes(older, built, known) if older else None
        judgement = await self._judge(built, older)
        if self._index.publish and not (judgement and judgement.failed):
            self._archive.publish(built.version)
        elif judgement and judgement.failed:
            log.warning(
                "not published", extra={"version": built.version, "gates": [g.metric for g in judgement.failed]}
            )
        self._archive.tidy(self._index.keep, {built.version, *self._index.holds}, self._index.discard)
        now = self._archive.published()
        answering = now.version if now else None
        return Outcome(answering == built.version, answering, judgement, changes, self._archive.held())

    def _changes(self, before: Manifest, after: Manifest, known: Iterable[str]) -> VersionChanges | None:
        try:
            found = compare(self._store, before, after, known, COMPARED_UP_TO)
        except TooManyRows:
            return None
        return VersionChanges(against=before.version, documents=found.documents, chunks=found.chunks)

    async def _judge(self, built: Manifest, older: Manifest | None) -> Judgement | None:
        evaluation = self._index.evaluation
        if evaluation is None:
            return None
        golden = questions.read(evaluation)
        comparable = older is not None and older.embedder in self._embedders
        before = await self._ask(golden, older) if older and comparable else None
        after = await self._ask(golden, built, plain=True)
        learnt = self._taught(built, judge.learn(evaluation, after))
        if learnt:
            after = judge.as_learnt(after, learnt, self._index.search.min_confidence)
        return judge.judgement(evaluation, after, before, older.version if older else None, learnt)

    def _taught(self, built: Manifest, learnt: Calibration | None) -> Calibration | None:
        """`learnt`, kept with the version; None where the store refuses to keep it, so that readers have the formula."""
        collection, text = self._archive.collection(built.version), learnt.model_dump_json() if learnt else ""
        try:
            if self._store.calibration(collection) != text:
                self._store.calibrate(collection, text)
        except StoreRefused as error:
            log.warning("confidences stay the formula's", extra={"version": built.version, "error": str(error)})
            return None
        return learnt

    async def _ask(self, golden: Sequence[Question], manifest: Manifest, *, plain: bool = False) -> list[Finding]:
        collection = self._archive.collection(manifest.version)
        with ThreadPoolExecutor(2, thread_name_prefix="judge") as threads:
            return await ask_version(
                self._index,
                self._store,
                collection,
                lambda: self._embedders,
                threads,
                golden,
                lambda done, total: self._progress("Evaluating", done, total),
                self._reranking,
                plain=plain,
            )
