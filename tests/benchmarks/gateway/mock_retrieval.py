"""A retrieval service of raw asyncio that finds the same evidence for every question, and scriptable for tests.

    python mock_retrieval.py --port 0

`POST /control` takes `{"status": 503, "code": "V2001"}`, `{"answerable": false}`, `{"delay": 10}` (seconds) or
`{"hits": […], "version": "v2"}`; `GET /stats` tells requests, the last query and its headers.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.benchmarks.gateway.mock_engine import read_request, send_json

HIT: dict[str, Any] = {
    "chunk": "c1",
    "document": "faq/return-window.en",
    "title": "Within how many days can I return an item?",
    "headings": [],
    "text": "You can return an item within 7 days of receiving it.",
    "language": "en",
    "tags": [],
    "score": 1.0,
    "confidence": 0.9,
}


class MockRetrieval:
    """One server."""

    def __init__(self) -> None:
        self.script: dict[str, Any] = {
            "status": 200, "code": "V2001", "answerable": True, "delay": 0, "hits": [HIT], "version": "v1", "index": "shop",
        }  # fmt: skip
        self.stats: dict[str, Any] = {"requests": 0, "query": "", "headers": {}}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive."""
        try:
            while (request := await read_request(reader)) is not None:
                path, headers, body = request
                await self._answer(path, headers, body, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> None:
        if path == "/control":
            self.script.update(json.loads(body))
            send_json(writer, 200, {})
        elif path == "/stats":
            send_json(writer, 200, self.stats)
        elif path == "/v1/search":
            self.stats = {
                "requests": self.stats["requests"] + 1,
                "query": json.loads(body)["query"],
                "headers": headers,
            }
            if self.script["delay"]:
                await asyncio.sleep(self.script["delay"])
            send_json(writer, self.script["status"], self._found())
        else:
            send_json(writer, 200, {"status": "ok"})

    def _found(self) -> dict[str, Any]:
        script = self.script
        if script["status"] != 200:
            return {"code": script["code"], "message": "scripted"}
        hits = script["hits"]
        confidence = max((hit["confidence"] for hit in hits), default=0)
        return {
            "index": script["index"], "version": script["version"], "confidence": confidence,
            "answerable": script["answerable"], "hits": hits,
        }  # fmt: skip


async def main() -> None:
    """Serves until killed; prints the port."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    server = await asyncio.start_server(MockRetrieval().serve, given.host, given.port, backlog=2048)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        import uvloop

        uvloop.run(main())
    except ImportError:
        asyncio.run(main())
