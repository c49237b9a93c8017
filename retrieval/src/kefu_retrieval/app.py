"""The retrieval service over HTTP: `POST /v1/search`, `/v1/versions`, `/healthz`, `/readyz`, `/metrics`."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from kefu_api.codes import Code
from kefu_api.token import HEADER, TokenFile
from kefu_api.wire.search import SearchRequest, SearchResponse
from kefu_retrieval import body, metrics, problems, trace
from kefu_retrieval.body import BodyTooLarge
from kefu_retrieval.errors import RetrievalError
from kefu_retrieval.faults import first_fault
from kefu_retrieval.guard import Guard
from kefu_retrieval.service import Service
from kefu_retrieval.versions.http import VersionRoutes

MAX_BODY = 320 * 1024
"""Bytes; a query of 8,000 characters and eight earlier ones of 2,000 take 288 KiB at most, escaped."""

log = logging.getLogger(__name__)


def create(service: Service, tokens: TokenFile | None = None) -> Starlette:
    """The application that serves `service`, and follows its document while it runs.

    Args:
        service: what answers.
        tokens: who may ask; None: whoever can connect.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        following = asyncio.create_task(service.follow())
        yield
        following.cancel()
        await service.close()

    application = Starlette(
        lifespan=lifespan,
        exception_handlers={Exception: internal},
        middleware=[Middleware(Guard, tokens=tokens)] if tokens else [],
        routes=[
            Route("/v1/search", search, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", show_metrics),
            *VersionRoutes(lambda: service.desk).routes(),
        ],
    )
    application.state.service = service
    application.state.tokens = tokens
    return application


async def search(request: Request) -> Response:
    """Answer a `SearchRequest` with a `SearchResponse`, or with a `Problem`; `?explain=1` adds the reasons."""
    service: Service = request.app.state.service
    trace_id = trace.trace_id(request.headers.get("traceparent"))
    began = time.perf_counter()
    answer: SearchResponse | problems.Answer
    reason = ""
    try:
        asked = SearchRequest.model_validate_json(await body.read(request, MAX_BODY))
        answer = await service.search(asked, explain=request.query_params.get("explain") in ("1", "true"))
    except BodyTooLarge as error:
        answer = problems.of_code(413, Code.TOO_LARGE, str(error), trace_id)
    except ClientDisconnect:
        return Response(status_code=499)
    except ValidationError as error:
        answer = problems.of_code(400, Code.INVALID_REQUEST, first_fault(error, "body"), trace_id)
    except RetrievalError as error:
        reason = error.reason
        answer = problems.of_error(error, trace_id)
    seconds = time.perf_counter() - began
    return _report(answer, reason, seconds, trace_id)


async def internal(request: Request, _: Exception) -> Response:
    """Our own fault, as a `Problem`; the server logs the exception."""
    trace_id = trace.trace_id(request.headers.get("traceparent"))
    return _report(
        problems.of_code(500, Code.INTERNAL, "something went wrong inside", trace_id), "Internal", 0.0, trace_id
    )


async def healthz(_: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """200 when a search would find something to search, else 503 with the reason; the version is told to callers alone."""
    service: Service = request.app.state.service
    try:
        version = await service.ready()
    except RetrievalError as error:
        return PlainTextResponse(f"{error.reason}: {error}\n", 503)
    except TimeoutError:
        return PlainTextResponse("StoreUnreachable: the store does not answer in time\n", 503)
    tokens: TokenFile | None = request.app.state.tokens
    if tokens and not tokens.accepts(request.headers.get(HEADER, "")):
        return PlainTextResponse("ok\n")
    legs = "dense and keyword" if version.manifest.sparse else "dense only: this server has no keyword search"
    without = f"; without its reranker: {service.reranker_fault}" if service.reranker_fault else ""
    found = f"version {version.manifest.version}, {version.manifest.chunks} chunks, {legs}{without}"
    return PlainTextResponse(f"ok: {found}\n")


async def show_metrics(_: Request) -> Response:
    """Prometheus text."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _report(answer: SearchResponse | problems.Answer, reason: str, seconds: float, trace_id: str) -> Response:
    """Count it, log it (never the query: it may hold personal data), and make the response."""
    line: dict[str, object] = {"trace_id": trace_id, "seconds": round(seconds, 4)}
    if isinstance(answer, SearchResponse):
        outcome = "found" if answer.answerable else "weak"
        line |= {"version": answer.version, "confidence": answer.confidence, "hits": len(answer.hits)}
        response = Response(answer.model_dump_json(by_alias=True, exclude_none=True), media_type="application/json")
    else:
        outcome = "error"
        metrics.ERRORS.labels(answer.problem.code, reason or "BadRequest").inc()
        line |= {"code": answer.problem.code, "reason": reason, "error": answer.problem.message}
        told = answer.problem.model_dump_json(by_alias=True, exclude_none=True)
        response = Response(told, answer.status, media_type="application/json")
    metrics.SEARCH_SECONDS.labels(outcome).observe(seconds)
    log.log(logging.WARNING if outcome == "error" else logging.INFO, "search %s", outcome, extra=line)
    return response
