"""An OpenAI-compatible engine of raw asyncio: fast enough not to be what a benchmark measures, and scriptable for tests.

    python mock_engine.py --port 0 --tokens 64 --interval 0

Answers are streamed unless the request says `"stream": false`; then they come whole and at once. Every answer is the
same unless `POST /control` says otherwise, with any of: `{"pieces": ["…"], "interval": 0.05, "first": 0.1,
"status": 200, "die_after": 3}` (seconds; `die_after` cuts the connection after so many pieces).
`GET /stats` tells requests, running, cancelled, and the last request's body and headers.
"""

import argparse
import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

WORD = "Days 7! "
"""One piece: a sentence that the evidence of `mock_retrieval` bears out, because a gateway passes on nothing less."""


@dataclass
class Script:
    """What the engine says, and how."""

    pieces: list[str]
    interval: float = 0.0
    first: float = 0.0
    status: int = 200
    die_after: int = -1


@dataclass
class Stats:
    """What the engine has seen."""

    requests: int = 0
    running: int = 0
    cancelled: int = 0
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class MockEngine:
    """One server; `sentence` is cut into the events of a stream once, not once a request."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.stats = Stats()
        self._encode()

    def _encode(self) -> None:
        self._events = [_event({"content": piece}) for piece in self.script.pieces]
        usage = {"prompt_tokens": 100, "completion_tokens": len(self._events)}
        message = {"role": "assistant", "content": "".join(self.script.pieces)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        head = {"id": "mock", "object": "chat.completion", "created": 0, "model": "mock"}
        self._whole: dict[str, Any] = {**head, "choices": [choice], "usage": usage}
        self._tail = (
            _event({}, "stop") + _frame({"choices": [], "usage": usage}) + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive."""
        try:
            while (request := await read_request(reader)) is not None:
                await self._answer(*request, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            writer.close()

    async def _answer(
        self,
        path: str,
        headers: dict[str, str],
        body: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if path == "/v1/chat/completions":
            await self._complete(headers, body, reader, writer)
        elif path == "/control":
            self.script = Script(**{"pieces": self.script.pieces, **json.loads(body)})
            self._encode()
            send_json(writer, 200, {})
        elif path == "/stats":
            send_json(writer, 200, vars(self.stats))
        else:
            send_json(writer, 200, {"status": "ok"})
        await writer.drain()

    async def _complete(
        self, headers: dict[str, str], body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.stats.requests += 1
        self.stats.headers, self.stats.body = headers, json.loads(body)
        if self.script.status != 200:
            send_json(writer, self.script.status, {"error": {"message": "scripted"}})
            return
        if self.stats.body.get("stream") is False:
            send_json(writer, 200, self._whole)
            return
        self.stats.running += 1
        try:
            await self._stream(reader, writer)
        finally:
            self.stats.running -= 1

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self.script
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        await asyncio.sleep(script.first)
        for number, event in enumerate(self._events):
            if number == script.die_after:
                writer.transport.abort()
                return
            if reader.at_eof() or writer.transport.is_closing():
                self.stats.cancelled += 1
                raise ConnectionResetError
            writer.write(event)
            if script.interval:
                await writer.drain()
                await asyncio.sleep(script.interval)
        writer.write(self._tail)


async def read_request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes] | None:
    """Path, headers and body of the next request; None when the connection has ended."""
    line = await reader.readline()
    if not line:
        return None
    path = line.split()[1].decode()
    headers: dict[str, str] = {}
    while (header := await reader.readline()) not in (b"\r\n", b""):
        name, _, value = header.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return path, headers, body


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def _frame(value: dict[str, Any]) -> bytes:
    head = {"id": "mock", "object": "chat.completion.chunk", "created": 0, "model": "mock"}
    return _chunk(b"data: " + json.dumps({**head, **value}, ensure_ascii=False).encode() + b"\n\n")


def _event(delta: dict[str, str], reason: str | None = None) -> bytes:
    return _frame({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})


def send_json(writer: asyncio.StreamWriter, status: int, value: dict[str, Any]) -> None:
    """Writes a whole JSON response."""
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


async def main() -> None:
    """Serves until killed; prints the port."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=64, help="pieces an answer")
    parser.add_argument("--interval", type=float, default=0.0, help="seconds between pieces")
    parser.add_argument("--first", type=float, default=0.0, help="seconds before the first piece")
    given = parser.parse_args()
    pieces = [WORD] * given.tokens
    engine = MockEngine(Script(pieces, given.interval, given.first))
    server = await asyncio.start_server(engine.serve, given.host, given.port, backlog=2048)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        import uvloop

        uvloop.run(main())
    except ImportError:
        asyncio.run(main())
