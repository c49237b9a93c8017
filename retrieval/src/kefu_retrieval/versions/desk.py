"""The desk at which a person asks about versions: which there are, what differs, how one does on golden questions."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from functools import partial
from heapq import nsmallest
from typing import TypeVar

from kefu_api.documents.index import Index
from kefu_api.wire.versions import (
    MAX_NAMES,
    MAX_SHOWN,
    EvaluateRequest,
    EvaluateResponse,
    Passage,
    PassageList,
    QuestionResult,
    VersionDiff,
    VersionList,
)
from kefu_retrieval.embeddings.protocol import Embedder
from kefu_retrieval.errors import IndexNotPublished
from kefu_retrieval.evaluation import judge, questions
from kefu_retrieval.evaluation.calibrate import error
from kefu_retrieval.evaluation.scores import scores
from kefu_retrieval.search import calibration
from kefu_retrieval.search.reranking import Reranking
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import Payload
from kefu_retrieval.store.view import View
from kefu_retrieval.versions.archive import Archive
from kefu_retrieval.versions.asking import ask_version
from kefu_retrieval.versions.compare import compare

T = TypeVar("T")


class Desk:
    """Answers about the versions of one index; nothing here changes any."""

    def __init__(
        self,
        index: Index,
        store: Store,
        embedders: Callable[[], Mapping[str, Embedder]],
        threads: Executor,
        reranking: Reranking | None = None,
    ) -> None:
        self._index = index
        self._store = store
        self._embedders = embedders
        self._threads = threads
        self._reranking = reranking.patient() if reranking else None
        self._archive = Archive(store, index.store.alias)

    async def versions(self) -> VersionList:
        """All whole versions, newest first.

        Raises:
            RetrievalError: the store does not say.
        """

        def look() -> VersionList:
            published = self._archive.published()
            name = published.version if published else None
            return VersionList(index=self._index.name, published=name, versions=self._archive.held())

        return await self._blocking(look)

    async def diff(self, before: str, after: str) -> VersionDiff:
        """What `after` changes in `before`.

        Raises:
            VersionGone: one of them is not there.
            RetrievalError: the store does not say.
        """

        def look() -> VersionDiff:
            old, new = self._archive.find(before), self._archive.find(after)
            found = compare(self._store, old, new)
            return VersionDiff(
                before=before,
                after=after,
                added=found.added[:MAX_NAMES],
                changed=found.changed[:MAX_NAMES],
                removed=found.removed[:MAX_NAMES],
                documents=found.documents,
                chunks=found.chunks,
            )

        return await self._blocking(look)

    async def passages(self, version: str | None, after: str, limit: int) -> PassageList:
        """Chunks of a version whose ids come after `after`, in the order of ids: equal chunks in every version.

        Raises:
            IndexNotPublished: no version is named, and none is published.
            VersionGone: the named one is not there.
            RetrievalError: the store does not say.
        """

        def look() -> PassageList:
            manifest = self._archive.find(version or self._published())
            found: list[Payload] = []
            for layer in View.of(self._store, manifest).layers:
                rows = {each.chunk: each.row for each in layer.chunks() if each.chunk > after}
                chosen = [rows[chunk] for chunk in nsmallest(limit, rows)]
                found += layer.store.payloads(layer.collection, chosen)
            found.sort(key=lambda payload: payload.chunk)
            return PassageList(
                version=manifest.version,
                languages=self._index.languages,
                passages=tuple(_passage(payload) for payload in found[:limit]),
            )

        return await self._blocking(look)

    async def evaluate(self, request: EvaluateRequest) -> EvaluateResponse:
        """Ask golden questions of a version, with the settings that customers are served by.

        Raises:
            QuestionsInvalid: the questions cannot be read.
            IndexNotPublished: no version is named, and none is published.
            VersionGone: the named one is not there.
            RetrievalError: a search failed.
        """
        golden = questions.parse(request.files)
        version = request.version
        if version is None:
            version = await self._blocking(self._published)
        manifest = await self._blocking(partial(self._archive.find, version))
        collection = self._archive.collection(manifest.version)
        findings = await ask_version(
            self._index, self._store, collection, self._embedders, self._threads, golden, reranking=self._reranking
        )
        results = tuple(
            QuestionResult(
                id=asked.id,
                question=asked.question,
                expected=found.expected,
                answered=found.answered,
                rank=found.ranks[0] if found.ranks else None,
                right=found.found,
            )
            for asked, found in zip(golden, findings, strict=True)
        )
        learnt = calibration.read(await self._blocking(partial(self._store.calibration, collection)))
        return EvaluateResponse(
            version=manifest.version,
            scores=scores(findings),
            calibration=judge.report(learnt),
            calibration_error=round(error(judge.points(findings)), 4),
            questions=results,
        )

    def _published(self) -> str:
        published = self._archive.published()
        if published is None:
            raise IndexNotPublished(f"nothing is published as {self._index.store.alias} yet")
        return published.version

    async def _blocking(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, act)


def _passage(payload: Payload) -> Passage:
    return Passage(
        chunk=payload.chunk,
        document=payload.document,
        title=payload.title,
        headings=payload.headings,
        text=payload.text[:MAX_SHOWN],
        language=payload.language,
    )
