"""`POST /v1/feedback`: a rating of one answer, counted once for the release that gave it."""

from kefu_api.codes import Code
from kefu_api.wire.feedback import FeedbackRequest, FeedbackResponse
from kefu_serving.errors import RequestError, SessionStoreAway
from kefu_serving.variants.serving import Serving
from kefu_serving.web.asgi import Headers, Receive, Scope, Send, respond_json
from kefu_serving.web.body import parse, read
from kefu_serving.web.edge import Caller

MAX_BODY = 1_024
"""Bytes."""


async def feedback(
    scope: Scope, receive: Receive, send: Send, caller: Caller, serving: Serving, headers: Headers
) -> None:
    """Counts one rating.

    Raises:
        RequestError: the receipt is none of ours, or what was rated before cannot be looked up.
        ClientGone: the client hung up.
    """
    request = parse(await read(scope, receive, MAX_BODY), FeedbackRequest)
    receipt = serving.receipts.read(request.receipt, caller.key)
    if receipt is None:
        told = "receipt: must be that of an answer to the same API key, unchanged"
        raise RequestError(Code.INVALID_REQUEST, told)
    runtime = serving.of(receipt.release)
    counted = False
    if runtime is not None:
        try:
            counted = await runtime.sessions.first(f"feedback:{receipt.turn}")
        except SessionStoreAway as error:
            # To count an answer twice would be worse than to ask again.
            told = "Redis is away, which knows what was rated before; send it again in a moment."
            raise RequestError(Code.INTERNAL, told, 503) from error
        if counted:
            runtime.metrics.feedback(request.rating)
    await respond_json(send, 200, FeedbackResponse(counted=counted).model_dump_json(by_alias=True), headers)
