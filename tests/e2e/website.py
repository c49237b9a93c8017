"""A web site on this machine that pods can reach: pages that change, with ETags, and that can be taken away."""

import hashlib
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Website:
    """Serves `pages` by path; counts what it answered by status."""

    def __init__(self, host: str, pages: dict[str, str]) -> None:
        self.pages = pages
        self.statuses: Counter[int] = Counter()
        self._server = ThreadingHTTPServer((host, 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://{host}:{self._server.server_port}"

    def close(self) -> None:
        """Take it away: nobody answers at its address any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = site.pages.get(self.path, "").encode()
                tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
                status = 404 if not body else 304 if self.headers.get("If-None-Match") == tag else 200
                site.statuses[status] += 1
                self.send_response(status)
                self.send_header("ETag", tag)
                self.send_header("Content-Type", "text/markdown; charset=utf-8")
                self.send_header("Content-Length", str(len(body) if status == 200 else 0))
                self.end_headers()
                if status == 200:
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler
