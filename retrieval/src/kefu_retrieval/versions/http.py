"""Versions over HTTP: `GET /v1/versions`, `GET /v1/versions/diff`, `GET /v1/versions/passages`, `POST /v1/versions/evaluate`. None of them changes anything."""

import asyncio
from collections.abc import Awaitable, Callable

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kefu_api.base import Model
from kefu_api.codes import Code
from kefu_api.wire.versions import MAX_PASSAGES, EvaluateRequest
from kefu_retrieval import body, problems, trace
from kefu_retrieval.body import BodyTooLarge
from kefu_retrieval.errors import QuestionsInvalid, RetrievalError, VersionGone
from kefu_retrieval.faults import first_fault
from kefu_retrieval.versions.desk import Desk

MAX_BODY = 4 * 1024 * 1024
"""Bytes; the questions of a ConfigMap are 1 MiB at most, and some more when they are escaped."""


class Refused(Exception):
    """The request cannot be answered as it is."""

    def __init__(self, status: int, code: Code, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class VersionRoutes:
    """The routes; one evaluation at a time, because customers are served by the same process."""

    def __init__(self, desk: Callable[[], Desk]) -> None:
        """`desk`: of the index document as it is now."""
        self._desk = desk
        self._evaluating = asyncio.Lock()

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route("/v1/versions", self._answering(self._versions)),
            Route("/v1/versions/diff", self._answering(self._diff)),
            Route("/v1/versions/passages", self._answering(self._passages)),
            Route("/v1/versions/evaluate", self._answering(self._evaluate), methods=["POST"]),
        ]

    async def _versions(self, _: Request) -> Model:
        return await self._desk().versions()

    async def _diff(self, request: Request) -> Model:
        before, after = request.query_params.get("before"), request.query_params.get("after")
        if not before or not after:
            raise Refused(400, Code.INVALID_REQUEST, "before and after: name two versions")
        return await self._desk().diff(before, after)

    async def _passages(self, request: Request) -> Model:
        limit = request.query_params.get("limit", str(MAX_PASSAGES))
        if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= MAX_PASSAGES:
            raise Refused(400, Code.INVALID_REQUEST, f"limit: must be 1 to {MAX_PASSAGES}")
        after = request.query_params.get("after", "")
        return await self._desk().passages(request.query_params.get("version") or None, after, int(limit))

    async def _evaluate(self, request: Request) -> Model:
        asked = EvaluateRequest.model_validate_json(await body.read(request, MAX_BODY))
        if self._evaluating.locked():
            raise Refused(409, Code.INVALID_REQUEST, "another evaluation is running; ask again when it has ended")
        async with self._evaluating:
            return await self._desk().evaluate(asked)

    def _answering(self, act: Callable[[Request], Awaitable[Model]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            request_id = trace.trace_id(request.headers.get("traceparent"))
            try:
                return _json(await act(request), 200)
            except Refused as refused:
                told = problems.of_code(refused.status, refused.code, str(refused), request_id)
            except BodyTooLarge as error:
                told = problems.of_code(413, Code.TOO_LARGE, str(error), request_id)
            except ValidationError as error:
                told = problems.of_code(400, Code.INVALID_REQUEST, first_fault(error, "body"), request_id)
            except VersionGone as error:
                told = problems.of_code(404, Code.INVALID_REQUEST, str(error), request_id)
            except QuestionsInvalid as error:
                told = problems.of_code(400, Code.INVALID_REQUEST, str(error), request_id)
            except RetrievalError as error:
                told = problems.of_error(error, request_id)
            return _json(told.problem, told.status)

        return answer


def _json(value: Model, status: int) -> Response:
    text = value.model_dump_json(by_alias=True, exclude_none=True)
    return Response(text, status, media_type="application/json")
