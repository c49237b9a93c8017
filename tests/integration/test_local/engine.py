"""An OpenAI-compatible engine that answers with its evidence, so that tests see which text reached it."""

import http.server
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer("application/json", b'{"object": "list", "data": [{"id": "m", "object": "model"}]}')

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = asked["messages"][-1]["content"]
        # What follows the marker of the test's FAQ is the fact it looks for; the number before it is the evidence's.
        before, _, after = prompt.rpartition("FACT:")
        fact = after.split()[0] if before else "none"
        number = ([*re.findall(r"\[(\d+)\]", before)] or ["1"])[-1]
        pieces: list[dict[str, str]] = [{"content": f"FACT:{fact} "}, {"content": f"[{number}]"}]
        chunks: list[dict[str, Any]] = [{"index": 0, "delta": piece, "finish_reason": None} for piece in pieces]
        chunks.append({"index": 0, "delta": {}, "finish_reason": "stop"})
        head = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m"}
        lines = [f"data: {json.dumps(head | {'choices': [chunk]})}\n\n" for chunk in chunks]
        self._answer("text/event-stream", ("".join(lines) + "data: [DONE]\n\n").encode())

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def quoting_engine() -> Iterator[str]:
    """Base URL of a running engine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
