"""Reading the body of an answer whole, however its bytes come, and no further than it may be long."""

import aiohttp


async def read_up_to(limit: int, body: aiohttp.StreamReader) -> bytes:
    """The first `limit` bytes, or all where they are fewer; `read(limit)` would give what has come by now."""
    read = bytearray()
    while len(read) < limit and (some := await body.read(limit - len(read))):
        read += some
    return bytes(read)
