"""Who may ask the embedded Milvus: whoever sends the token as Milvus's own clients send theirs, in every single call."""

import base64
import logging
from collections.abc import Callable
from typing import Any

import grpc  # type: ignore[import-untyped]

from kefu_api.token import TokenFile, matches

METADATA = "authorization"
"""Milvus's clients put base64 of `user:password`, or of a token, there (milvus-io/milvus, `internal/proxy/authentication_interceptor.go`)."""

log = logging.getLogger(__name__)


class Guard(grpc.ServerInterceptor):  # type: ignore[misc]
    """Runs before a call is decoded; one that is refused never reaches the store."""

    def __init__(self, tokens: TokenFile) -> None:
        self._tokens = tokens
        self._refuse = grpc.unary_unary_rpc_method_handler(_refuse)

    def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], Any], details: grpc.HandlerCallDetails
    ) -> Any:
        """Go on, or answer UNAUTHENTICATED."""
        sent = [_bytes(value) for key, value in details.invocation_metadata if key == METADATA]
        good = [base64.b64encode(token.encode()) for token in self._tokens.values()]
        if matches(sent[:1], good):
            return continuation(details)
        log.warning("refused %s: %s", details.method, "a wrong token" if sent else "no token")
        return self._refuse


def _refuse(_: bytes, context: grpc.ServicerContext) -> None:
    context.abort(grpc.StatusCode.UNAUTHENTICATED, "this store wants the token of its index")


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
