"""Reading the body of a request, within a bound."""

from starlette.requests import Request


class BodyTooLarge(Exception):
    """The request's body is longer than it may be."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is longer than {limit} bytes")


async def read(request: Request, limit: int) -> bytes:
    """The whole body.

    Raises:
        BodyTooLarge: it is longer than `limit` bytes.
        ClientDisconnect: the client went away amid it.
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise BodyTooLarge(limit)
    return bytes(body)
