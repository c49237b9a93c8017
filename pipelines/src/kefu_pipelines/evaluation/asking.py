"""Asking the running services: each golden question through gateway and search, as a customer's client would."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import aiohttp
from pydantic import ValidationError

from kefu_api.token import TokenFile
from kefu_api.wire.chat import ChatRequest, ChatResponse, Outcome
from kefu_api.wire.search import MAX_QUERY, Problem, SearchRequest, SearchResponse
from kefu_pipelines.evaluation.errors import ServiceUnreachable
from kefu_pipelines.evaluation.golden import Question
from kefu_pipelines.evaluation.scoring import RECALL_AT, Observation

TIMEOUT = 180
"""Seconds for one turn; the gateway has a budget of its own."""


@dataclass(frozen=True)
class Turn:
    """How a turn ended, with its times in seconds."""

    answer: str
    outcome: Outcome
    code: str | None
    first_token: float
    total: float


class Services:
    """The gateway and, where given, the retrieval service."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, key: str, retrieval_url: str | None, token: TokenFile | None
    ) -> None:
        self._http = http
        self._token = token
        self._chat = f"{url.rstrip('/')}/v1/chat"
        self._key = key
        self._search = f"{retrieval_url.rstrip('/')}/v1/search" if retrieval_url else None

    async def observe(self, question: Question) -> Observation:
        """Ask one question in a conversation of its own.

        Raises:
            ServiceUnreachable: a service does not answer or refuses.
        """
        turn = await self._turn(question.question)
        return Observation(
            question=question,
            answer=turn.answer,
            outcome=turn.outcome,
            code=turn.code,
            documents=await self._documents(question.question),
            first_token=turn.first_token,
            total=turn.total,
        )

    async def _turn(self, message: str) -> Turn:
        body = ChatRequest(message=message, stream=True).to_json()
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        began, first = time.perf_counter(), None
        try:
            async with self._http.post(self._chat, data=body.encode(), headers=headers) as response:
                await _demand_ok(response)
                async for name, data in _events(response):
                    if name in ("delta", "done") and first is None:
                        first = time.perf_counter() - began
                    if name == "done":
                        total = time.perf_counter() - began
                        whole = ChatResponse.model_validate_json(data)
                        return Turn(whole.answer, whole.outcome, whole.code, first or total, total)
                    if name == "error":
                        # A fact about the bot, not the end of the evaluation.
                        total = time.perf_counter() - began
                        problem = Problem.model_validate_json(data)
                        return Turn(problem.message, Outcome.UNAVAILABLE, problem.code, first or total, total)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ServiceUnreachable(f"{self._chat} does not answer: {error!r}") from error
        except ValidationError as error:
            raise ServiceUnreachable(f"{self._chat} answers in another version's words: {error}") from error
        raise ServiceUnreachable(f"{self._chat} ended the stream without a last event")

    async def _documents(self, query: str) -> tuple[str, ...] | None:
        if self._search is None:
            return None
        body = SearchRequest(query=query[:MAX_QUERY], top_k=RECALL_AT).to_json()
        try:
            headers = {"Content-Type": "application/json", **(self._token.headers() if self._token else {})}
            async with self._http.post(self._search, data=body.encode(), headers=headers) as response:
                await _demand_ok(response)
                found = SearchResponse.model_validate_json(await response.read())
        except (aiohttp.ClientError, TimeoutError, ValidationError) as error:
            raise ServiceUnreachable(f"{self._search} does not answer: {error!r}") from error
        return tuple(hit.document for hit in found.hits)


async def ask_all(
    questions: Sequence[Question],
    *,
    url: str,
    key: str,
    retrieval_url: str | None,
    token: TokenFile | None = None,
    parallel: int = 1,
    seen: Callable[[Observation], None] = lambda observation: None,
) -> list[Observation]:
    """Ask all questions, `parallel` at a time; `seen` is told of each.

    Raises:
        ServiceUnreachable: a service does not answer or refuses.
    """
    gate = asyncio.Semaphore(parallel)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        services = Services(http, url, key, retrieval_url, token)

        async def one(question: Question) -> Observation:
            async with gate:
                observation = await services.observe(question)
            seen(observation)
            return observation

        tasks = [asyncio.create_task(one(question)) for question in questions]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()


async def _demand_ok(response: aiohttp.ClientResponse) -> None:
    if response.status != 200:
        problem = _problem(await response.read())
        raise ServiceUnreachable(f"{response.url} refuses (HTTP {response.status}): {problem}")


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, bytes]]:
    """Name and data of each server-sent event."""
    name, data = "", b""
    async for line in response.content:
        field, _, value = line.rstrip(b"\r\n").partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            name = value.decode()
        elif field == b"data":
            data += value
        elif not field and name:
            yield name, data
            name, data = "", b""


def _problem(body: bytes) -> str:
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError:
        return body[:200].decode(errors="replace")
    return f"{problem.message} ({problem.code})"
