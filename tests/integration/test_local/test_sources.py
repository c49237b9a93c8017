"""`kefu run` follows a remote source: a page of a web server that changes, goes away and comes back."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kefu_api.wire.chat import Outcome
from kefu_operator.local.encoder import SHA256
from kefu_operator.local.options import cache
from tests.integration.test_local.engine import quoting_engine
from tests.integration.test_local.instance import running, until
from tests.integration.test_local.test_run import QUESTION, faq
from tests.unit.test_local.objects import chatbot, index, write

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        not (cache() / "models" / "sha256" / SHA256).is_dir(),
        reason="the sentence encoder is missing: python -m hack.models fetch encoder",
    ),
]


class Cms:
    """What the web server holds, and how often it sent it."""

    def __init__(self) -> None:
        self.page: str | None = None
        self.sent = 0
        self.asked = 0
        self.url = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """One request for the page."""
        self.asked += 1
        if self.page is None:
            request.send_error(503)
            return
        body = self.page.encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:10]}"'
        fresh = request.headers.get("If-None-Match") == etag
        request.send_response(304 if fresh else 200)
        request.send_header("ETag", etag)
        request.send_header("Content-Type", "application/yaml")
        if not fresh:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if not fresh:
            self.sent += 1
            request.wfile.write(body)


@contextmanager
def cms() -> Iterator[Cms]:
    held = Cms()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        held.url = f"http://127.0.0.1:{server.server_port}/faq.yaml"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield held
        finally:
            server.shutdown()
            thread.join()


def test_a_page_of_a_web_server_is_followed(tmp_path: Path) -> None:
    with quoting_engine() as engine, cms() as held:
        held.page = faq("seven")
        source = {"name": "cms", "format": "FAQ", "every": "2s", "http": {"urls": [held.url]}}
        bot = chatbot(engine={"endpoint": {"url": engine, "model": "m"}})
        folder = write(tmp_path / "files", index(sources=[source]), bot)
        with running(folder, tmp_path / "s") as started:
            started.ready()

            def says(fact: str) -> bool:
                turn = started.ask(QUESTION)
                return turn.outcome is Outcome.ANSWERED and f"FACT:{fact}" in turn.answer

            assert says("seven"), started.output
            asked = held.asked
            until(lambda: held.asked >= asked + 2, "the page is asked for again")
            assert held.sent == 1, "it did not change, so it was not sent again"
            held.page = faq("fourteen")
            until(lambda: says("fourteen"), "the new page answers")
            held.page = None
            until(lambda: "answers 503" in started.output, "the failure is told")
            assert says("fourteen"), "what was fetched before goes on answering"
        known = json.loads((tmp_path / "s" / "fetched.json").read_text())
        assert set(known["shop"]["digests"]) == {"cms"}


def test_a_page_that_never_came_is_told_at_the_start(tmp_path: Path) -> None:
    with cms() as held:
        source = {"name": "cms", "format": "FAQ", "http": {"urls": [held.url]}}
        folder = write(tmp_path / "files", index(sources=[source]))
        with running(folder, tmp_path / "s") as started:
            started.process.wait(120)
            assert started.process.returncode not in (0, None)
            assert "source cms cannot be fetched: PlaceUnreachable" in started.output
