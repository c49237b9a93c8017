import http.server
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kefu_operator.cli.commands.chat import Conversation
from kefu_operator.cli.errors import AskFailed, Unreachable
from kefu_operator.cli.gateway import Gateway
from kefu_operator.cli.main import main
from kefu_operator.cli.output import Output

DONE = {
    "session": "session-1",
    "turn": "t1",
    "answer": "七天。[1]",
    "outcome": "answered",
    "language": "zh",
    "citations": [{"number": 1, "document": "faq/return.zh", "title": "退货", "text": "签收后七天"}],
    "release": "r-1",
}
START = {"session": "session-1", "turn": "t1", "release": "r-1"}
STREAM = (("start", START), ("delta", {"text": "七"}), ("delta", {"text": "天。[1]"}), ("done", DONE))


@contextmanager
def answering(status: int, body: bytes, seen: list[tuple[Any, Any]] | None = None) -> Iterator[str]:
    """A server that gives one answer to every request and notes what it was asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if seen is not None:
                seen.append((asked, self.headers["Authorization"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def events(*pairs: tuple[str, dict[str, Any]]) -> bytes:
    return "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in pairs).encode()


def test_the_answer_streams_and_its_citations_follow() -> None:
    seen: list[tuple[Any, Any]] = []
    stream = io.StringIO()
    with answering(200, events(*STREAM), seen) as url:
        conversation = Conversation(Gateway(url, "secret"), Output(stream))
        conversation.ask("几天？")
        conversation.ask("再说一遍")
    assert stream.getvalue() == "七天。[1]\n  [1] 退货 · faq/return.zh\n" * 2
    assert seen[0] == ({"message": "几天？", "stream": True}, "Bearer secret")
    assert seen[1][0]["session"] == "session-1"


def test_an_honest_refusal_shows_its_code() -> None:
    stream = io.StringIO()
    refusal = DONE | {"answer": "I don't know.", "outcome": "unknown", "code": "V2003", "citations": []}
    with answering(200, events(("start", START), ("done", refusal))) as url:
        Conversation(Gateway(url, "k"), Output(stream)).ask("?")
    assert stream.getvalue() == "I don't know.\n  unknown (V2003)\n"


@pytest.mark.parametrize(
    ("turn", "shown"),
    [
        (
            {
                "answer": "A person will answer.",
                "outcome": "handedOver",
                "action": {"reason": "Requested", "summary": "…"},
            },
            "A person will answer.\n  handedOver (Requested)\n",
        ),
        ({"answer": "", "outcome": "withPerson"}, "\n  withPerson\n"),
    ],
)
def test_a_person_in_place_of_the_bot_is_told(turn: dict[str, Any], shown: str) -> None:
    stream = io.StringIO()
    done = DONE | {"citations": [], **turn}
    with answering(200, events(("start", START), ("done", done))) as url:
        Conversation(Gateway(url, "k"), Output(stream)).ask("?")
    assert stream.getvalue() == shown


def test_an_answer_that_breaks_off_is_told_with_its_code() -> None:
    problem = {"code": "V4002", "message": "The answer is incomplete; ask again."}
    body = events(STREAM[0], STREAM[1], ("error", problem))
    sentence = r"The answer is incomplete; ask again\. \(V4002\)"
    with answering(200, body) as url, pytest.raises(AskFailed, match=sentence):
        Conversation(Gateway(url, "k"), Output(io.StringIO())).ask("?")


def test_a_stream_without_an_end_is_told() -> None:
    with answering(200, events(STREAM[0], STREAM[1])) as url, pytest.raises(AskFailed, match="broke off"):
        Conversation(Gateway(url, "k"), Output(io.StringIO())).ask("?")


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, json.dumps({"code": "V1001", "message": "Send a valid key."}).encode(), r"Send a valid key\. \(V1001\)"),
        (404, b"<html>", "HTTP 404: is it a Kefu gateway?"),
    ],
)
def test_a_refused_question_is_told(status: int, body: bytes, sentence: str) -> None:
    with answering(status, body) as url, pytest.raises(AskFailed, match=sentence):
        Conversation(Gateway(url, "k"), Output(io.StringIO())).ask("?")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "shop.example.com"])
def test_no_gateway_is_told(url: str) -> None:
    with pytest.raises(Unreachable) as caught:
        Conversation(Gateway(url, "k"), Output(io.StringIO())).ask("?")
    assert caught.value.exit_code == 69


def test_the_command_asks_a_gateway_by_url(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "key").write_text("secret\n")
    seen: list[tuple[Any, Any]] = []
    with answering(200, events(*STREAM), seen) as url:
        words = ["chat", "--url", url, "--key-file", str(tmp_path / "key"), "--output", "json", "几天？"]
        assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["answer"] == "七天。[1]"
    assert seen[0][1] == "Bearer secret"


def test_the_key_may_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[Any, Any]] = []
    with answering(200, events(*STREAM), seen) as url:
        monkeypatch.delenv("KEFU_API_KEY", raising=False)
        assert main(["chat", "--url", url, "?"]) == 1
        assert "set $KEFU_API_KEY, or name a file with --key-file" in capsys.readouterr().err
        monkeypatch.setenv("KEFU_API_KEY", "from-env")
        assert main(["chat", "--url", url, "?"]) == 0
    assert seen[0][1] == "Bearer from-env"


def test_a_conversation_goes_on_after_a_refused_question(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\none\ntwo\n"))
    body = json.dumps({"code": "V1003", "message": "Empty."}).encode()
    with answering(400, body) as url:
        monkeypatch.setenv("KEFU_API_KEY", "k")
        assert main(["chat", "--url", url]) == 0
    assert capsys.readouterr().out.count("Empty. (V1003)") == 2
