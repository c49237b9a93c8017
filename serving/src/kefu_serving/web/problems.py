"""Every error response has one shape: a stable code, what to do, and the request id to quote."""

from kefu_api.codes import WHAT_TO_DO, Code
from kefu_api.wire.search import Problem
from kefu_serving.errors import GatewayError, RequestError
from kefu_serving.web.asgi import Headers


def problem_of(error: GatewayError, request_id: str) -> Problem:
    """What the client is told: its own mistakes in detail, ours without internals (those are in the log)."""
    message = str(error) if isinstance(error, RequestError) else WHAT_TO_DO[error.code]
    return Problem(code=error.code, message=message, request_id=request_id)


def headers_of(error: GatewayError) -> Headers:
    """Headers that the status calls for."""
    if error.code is Code.UNAUTHENTICATED:
        return [(b"www-authenticate", b'Bearer realm="kefu"')]
    return [(b"connection", b"close")] if error.code is Code.TOO_LARGE else []
