"""Asking a local process how it is, as the kubelet would."""

import asyncio
from typing import Protocol

from kefu_operator.local.ports import LOOPBACK

_BODY = 2048


class Prober(Protocol):
    """Asks; the answer is None when all is well, else what is not."""

    async def ask(self, port: int, path: str | None, seconds: float) -> str | None:
        """One probe, at most `seconds` long: HTTP GET of `path`, or a TCP connection where it is None."""
        ...


class LoopbackProber:
    """Probes over real connections."""

    async def ask(self, port: int, path: str | None, seconds: float) -> str | None:
        """One probe of a port of this machine."""
        try:
            async with asyncio.timeout(seconds):
                return await _ask(port, path)
        except TimeoutError:
            return f"no answer within {seconds:g} s"
        except OSError as error:
            return error.strerror or str(error)


async def _ask(port: int, path: str | None) -> str | None:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        if path is None:
            return None
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        status = (await reader.readline()).decode("latin-1").split(" ", 2)
        if len(status) < 2 or not status[1].isdigit():
            return "no HTTP answer"
        if int(status[1]) < 400:
            return None
        rest = (await reader.read(_BODY)).decode(errors="replace")
        return f"HTTP {status[1]}: {rest.partition(chr(13) + chr(10) + chr(13) + chr(10))[2].strip()}"
    finally:
        writer.close()
