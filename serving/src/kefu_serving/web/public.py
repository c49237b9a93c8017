"""The public port: the page for everyone, `/v1` for holders of a key."""

import logging

from kefu_api.codes import Code
from kefu_serving.errors import GatewayError, RequestError
from kefu_serving.metrics import Instruments
from kefu_serving.state import State
from kefu_serving.turn.state import Channel
from kefu_serving.variants.serving import Serving
from kefu_serving.web.asgi import Headers, Message, Receive, Scope, Send, respond_json
from kefu_serving.web.body import ClientGone
from kefu_serving.web.chat import chat
from kefu_serving.web.completions import completions, models
from kefu_serving.web.desk import PREFIX, desk
from kefu_serving.web.edge import authenticate, caller, request_id
from kefu_serving.web.feedback import feedback
from kefu_serving.web.messages import messages, session_of
from kefu_serving.web.page import Page
from kefu_serving.web.problems import headers_of, problem_of

_METHODS = {"/v1/chat": "POST", "/v1/chat/completions": "POST", "/v1/feedback": "POST", "/v1/models": "GET"}

log = logging.getLogger(__name__)


class PublicApp:
    """ASGI application of the public port."""

    def __init__(self, state: State, page: Page, instruments: Instruments, salt: bytes) -> None:
        """`salt`: of hashed names in the log."""
        self._state = state
        self._salt = salt
        self._page = page
        self._instruments = instruments

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; every GatewayError becomes a Problem, every client that left an end."""
        if scope["type"] != "http":
            return
        identity = request_id(scope)
        headers: Headers = [(b"x-request-id", identity.encode())]
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._route(scope, receive, sending, identity, headers)
        except ClientGone:
            return
        except GatewayError as error:
            if error.code is Code.UNAUTHENTICATED:
                self._instruments.unauthorized.inc()
            await self._refuse(send, error, identity, headers)
        except Exception:
            # The outermost edge: a fault of ours is logged whole, and told to the client as one stable code.
            log.exception("unexpected fault", extra={"fields": {"request_id": identity}})
            if begun:
                raise
            await self._refuse(send, GatewayError(), identity, headers)

    async def _refuse(self, send: Send, error: GatewayError, identity: str, headers: Headers) -> None:
        content = problem_of(error, identity).model_dump_json(by_alias=True)
        await respond_json(send, error.status, content, [*headers, *headers_of(error)])

    async def _route(self, scope: Scope, receive: Receive, send: Send, identity: str, headers: Headers) -> None:
        path, method = scope["path"], scope["method"]
        if path in _METHODS:
            key = authenticate(scope, self._state.keys)
            _allow(method, _METHODS[path])
            await self._api(path, scope, receive, send, key, identity, headers)
        elif session := session_of(path):
            key = authenticate(scope, self._state.keys)
            _allow(method, "GET")
            await messages(scope, send, session, key, self._serving(), headers)
        elif path == PREFIX or path.startswith(f"{PREFIX}/"):
            clerk = authenticate(scope, self._state.desk_keys)
            await desk(scope, receive, send, clerk, self._serving(), self._salt, headers)
        elif path == "/persona.json" or self._page.has(path):
            _allow(method, "GET")
            await self._open(path, send)
        else:
            raise RequestError(Code.INVALID_REQUEST, "There is nothing at this path; ask `POST /v1/chat`.", 404)

    async def _open(self, path: str, send: Send) -> None:
        if self._page.has(path):
            await self._page.file(path, send)
        else:
            serving = self._state.serving
            await self._page.persona(serving.document.stable.persona if serving else None, send)

    async def _api(
        self, path: str, scope: Scope, receive: Receive, send: Send, key: str, identity: str, headers: Headers
    ) -> None:
        serving = self._serving()
        if path == "/v1/chat":
            await chat(scope, receive, send, caller(scope, key, identity, Channel.API), serving, headers)
        elif path == "/v1/chat/completions":
            await completions(scope, receive, send, caller(scope, key, identity, Channel.OPENAI), serving, headers)
        elif path == "/v1/feedback":
            await feedback(scope, receive, send, caller(scope, key, identity, Channel.API), serving, headers)
        else:
            await models(send, serving, headers)

    def _serving(self) -> Serving:
        if self._state.serving is None:
            raise RequestError(Code.INTERNAL, "No release is loaded yet; ask again in a moment.", 503)
        return self._state.serving


def _allow(method: str, allowed: str) -> None:
    if method != allowed and not (method == "HEAD" and allowed == "GET"):
        raise RequestError(Code.INVALID_REQUEST, f"This path takes {allowed}, not {method[:16]}.", 405)
