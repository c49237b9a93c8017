"""An OpenAI-style embeddings server that hashes words into vectors: real HTTP, no model to load, the same every time."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kefu_api.documents.index import EndpointEmbedding
from tests.unit.test_retrieval.doubles import DIMENSION, vector_of


@contextmanager
def words_endpoint(
    asked: list[str] | None = None, host: str = "127.0.0.1", hold: Callable[[list[str]], object] = lambda texts: None
) -> Iterator[EndpointEmbedding]:
    """Served while the block runs, on a free port; texts are added to `asked`, and answered when `hold` has returned."""
    server = _Server((host, 0), _Handler)
    server.hold = hold
    server.asked = [] if asked is None else asked
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        url = f"http://{host}:{server.server_address[1]}"
        yield EndpointEmbedding(url=url, model="words", dimension=DIMENSION)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    asked: list[str]
    hold: Callable[[list[str]], object]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that were killed; other faults as they are."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(self.server, _Server)
        self.server.asked += body["input"]
        self.server.hold(body["input"])
        rows = [{"index": n, "embedding": vector_of(text).tolist()} for n, text in enumerate(body["input"])]
        answer = json.dumps({"data": rows}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""
