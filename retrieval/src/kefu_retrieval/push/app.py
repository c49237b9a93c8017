"""The push service over HTTP: `POST /v1/push/{source}` and `/healthz`."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from kefu_retrieval import body
from kefu_retrieval.body import BodyTooLarge
from kefu_retrieval.push.errors import PushRefused, TooLarge, Unsigned
from kefu_retrieval.push.inbox import Inbox
from kefu_retrieval.push.telling import Teller

MAX_BODY = 16 * 1024**2
"""Bytes; more goes in several pushes."""
RETRY_SECONDS = 10

log = logging.getLogger(__name__)


def create(inboxes: Mapping[str, Inbox], max_body: int = MAX_BODY) -> Starlette:
    """The application; `inboxes` by the names of their sources."""
    teller = Teller(lambda: {name: inbox.holding() for name, inbox in inboxes.items()})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        telling = asyncio.create_task(teller.run())
        yield
        telling.cancel()

    async def push(request: Request) -> Response:
        """Take one change: 200 with the snapshot's digest, or the refusal with its reason and remedy."""
        source = request.path_params["source"]
        teller.happened()
        try:
            content = await _body(request, max_body)
            inbox = inboxes.get(source)
            if inbox is None:
                # As for a wrong signature: who may not push here learns nothing of what is here.
                raise Unsigned("webhook-signature does not fit; check the address and the secret")
            answer = await inbox.take(request.headers, content)
        except ClientDisconnect:
            return Response(status_code=499)
        except PushRefused as refused:
            told = {"source": source[:63], "reason": refused.reason, "error": str(refused)}
            log.warning("push refused", extra=told)
            headers = {"Retry-After": str(RETRY_SECONDS)} if refused.status == 503 else {}
            return JSONResponse({"reason": refused.reason, "message": str(refused)}, refused.status, headers)
        log.info("pushed", extra={"source": source, "digest": answer.digest, "received": answer.received})
        return JSONResponse(json.loads(answer.model_dump_json(by_alias=True)))

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    routes = [Route("/v1/push/{source}", push, methods=["POST"]), Route("/healthz", healthz)]
    return Starlette(routes=routes, lifespan=lifespan)


async def _body(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise TooLarge(f"the body is longer than {limit} bytes; send several changes")
    try:
        return await body.read(request, limit)
    except BodyTooLarge as error:
        raise TooLarge(f"{error}; send several changes") from error
