"""Who may ask the retrieval service: whoever sends the index's token. Health is told to everybody, since a kubelet has none."""

import logging

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from kefu_api.codes import Code
from kefu_api.token import HEADER, TokenFile
from kefu_retrieval import metrics, problems, trace

OPEN = ("/healthz", "/readyz")

log = logging.getLogger(__name__)


class Guard:
    """Answers 401 before anything of a request is read."""

    def __init__(self, app: ASGIApp, tokens: TokenFile) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._tokens.accepts(headers.get(HEADER, "")):
            await self._app(scope, receive, send)
            return
        told = problems.of_code(
            401,
            Code.TOKEN_REFUSED,
            "the token is wrong" if HEADER in headers else "there is no token",
            trace.trace_id(headers.get("traceparent")),
        )
        metrics.ERRORS.labels(told.problem.code, "TokenRefused").inc()
        log.warning("refused: %s", told.problem.message, extra={"code": told.problem.code})
        text = told.problem.model_dump_json(by_alias=True, exclude_none=True)
        await Response(text, told.status, media_type="application/json")(scope, receive, send)
