"""Asking one retrieval service for evidence, within a bound."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiohttp import ClientError, ClientSession
from pydantic import ValidationError

from kefu_api.codes import Code
from kefu_api.documents.release import KnowledgeTarget
from kefu_api.token import TokenFile
from kefu_api.wire.search import MAX_EARLIER, MAX_HISTORY, MAX_QUERY, Problem, SearchRequest, SearchResponse
from kefu_serving.errors import IndexNotPublished, KnowledgeUnavailable

SEARCH_SECONDS = 5.0
"""Longest wait for one search: longer than retrieval's own bound on its store, so that its reason arrives."""


class RetrievalClient:
    """`POST /v1/search` of one knowledge target."""

    def __init__(self, session: ClientSession, target: KnowledgeTarget, seconds: float = SEARCH_SECONDS) -> None:
        self.name = target.name
        self._session = session
        self._url = f"{target.url.rstrip('/')}/v1/search"
        self._token = TokenFile(Path(target.token_file)) if target.token_file else None
        self._seconds = seconds
        self._version = target.version

    async def search(self, query: str, history: Sequence[str], headers: Mapping[str, str]) -> SearchResponse:
        """Evidence for the query and the earlier questions that it may lean on, cut to the service's limits.

        Raises KnowledgeUnavailable or IndexNotPublished, both temporary.
        """
        earlier = tuple(question[:MAX_EARLIER] for question in history[-MAX_HISTORY:])
        request = SearchRequest(query=query[:MAX_QUERY], history=earlier, version=self._version)
        body = request.model_dump_json(by_alias=True, exclude_none=True).encode()
        headers = {**headers, "content-type": "application/json", **(self._token.headers() if self._token else {})}
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._session.post(self._url, data=body, headers=headers) as response,
            ):
                content = await response.read()
        except TimeoutError as error:
            raise KnowledgeUnavailable(f"{self.name}: no answer within {self._seconds} s") from error
        except (ClientError, OSError) as error:
            raise KnowledgeUnavailable(f"{self.name}: {error}") from error
        if response.status != 200:
            raise self._refusal(response.status, content)
        try:
            return SearchResponse.model_validate_json(content)
        except ValidationError as error:
            raise KnowledgeUnavailable(f"{self.name}: not a search response ({error.error_count()} faults)") from error

    def _refusal(self, status: int, content: bytes) -> KnowledgeUnavailable | IndexNotPublished:
        try:
            problem = Problem.model_validate_json(content)
        except ValidationError:
            return KnowledgeUnavailable(f"{self.name}: HTTP {status}")
        kind = IndexNotPublished if problem.code == Code.INDEX_NOT_PUBLISHED else KnowledgeUnavailable
        return kind(f"{self.name}: HTTP {status} {problem.code} {problem.message}")
