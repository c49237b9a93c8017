"""Pushes: signed as a library of others signs them, in force at once, and at most once."""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook
from starlette.testclient import TestClient

from kefu_api.documents.fetch import Limits
from kefu_api.documents.push import PushSource
from kefu_api.signing import read_secrets
from kefu_retrieval.places.shelf import Shelf
from kefu_retrieval.push import app
from kefu_retrieval.push.inbox import Inbox

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
NOW = 1_795_000_000.0


class World:
    """A push service of one source, `cms`, whose clock stands still."""

    def __init__(self, folder: Path, limits: Limits | None = None, secrets: str = SECRET) -> None:
        self.folder = folder
        self.now = NOW
        (folder / "secret").write_text(secrets)
        self._source = PushSource(name="cms", secret_file=str(folder / "secret"), limits=limits or Limits())
        self.restart()

    def restart(self) -> None:
        """As a new process would begin."""
        self.client = TestClient(
            app.create({"cms": Inbox(self._source, self.folder / "v", lambda: self.now)}, max_body=5000)
        )

    def push(
        self,
        change: object,
        key: str = "a",
        *,
        secret: str = SECRET,
        at: float | None = None,
        alter: Callable[[dict[str, str]], Mapping[str, str]] = lambda headers: headers,
        source: str = "cms",
        body: str | None = None,
    ) -> tuple[int, dict[str, object]]:
        """Sign with the reference library, send, and give status and answer."""
        text = body if body is not None else json.dumps(change, ensure_ascii=False)
        stamp = datetime.fromtimestamp(at if at is not None else self.now, UTC)
        headers = {
            "webhook-id": key,
            "webhook-timestamp": str(int(stamp.timestamp())),
            "webhook-signature": Webhook(secret).sign(key, stamp, text),
        }
        answer = self.client.post(f"/v1/push/{source}", content=text.encode(), headers=dict(alter(headers)))
        return answer.status_code, answer.json()

    def seen(self) -> dict[str, str]:
        """The current snapshot's files."""
        shelf = Shelf(self.folder / "v" / "cms")
        current = shelf.current()
        assert current is not None
        root = shelf.path_of(current)
        return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def put(**documents: str) -> dict[str, object]:
    return {"put": [{"name": f"{name}.md", "text": text} for name, text in documents.items()]}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_documents_are_put_replaced_and_deleted(world: World) -> None:
    status, first = world.push(put(a="一", b="two"), "1")
    assert status == 200 and (first["files"], first["received"]) == (2, 2)
    picture = {
        "put": [{"name": "guide/p.png", "base64": base64.b64encode(b"png").decode()}],
        "delete": ["a.md", "none.md"],
    }
    assert world.push(picture, "2")[1]["files"] == 2
    assert world.seen() == {"b.md": "two", "guide/p.png": "png"}
    assert world.push(put(b="two"), "3")[1]["received"] == 0


def test_the_same_push_again_is_answered_as_before_even_after_a_restart(world: World) -> None:
    first = world.push(put(a="1"), "same")
    world.push(put(a="2"), "newer")
    assert world.push(put(a="1"), "same") == first
    world.restart()
    assert world.push(put(a="1"), "same") == first
    assert world.seen() == {"a.md": "2"}, "the repeated push did not undo the newer one"


def test_an_id_that_was_used_for_something_else_is_a_conflict(world: World) -> None:
    world.push(put(a="1"), "same")
    status, answer = world.push(put(a="2"), "same")
    assert (status, answer["reason"]) == (409, "Conflict") and world.seen() == {"a.md": "1"}


def test_a_push_that_failed_can_be_sent_again_under_its_id(world: World) -> None:
    assert world.push({"delete": ["a.md"]}, "same")[0] == 409
    assert world.push(put(a="1"), "same")[0] == 200


def test_what_would_leave_nothing_is_refused(world: World) -> None:
    world.push(put(a="1"), "1")
    status, answer = world.push({"delete": ["a.md"]}, "2")
    assert status == 409 and "without a document" in str(answer["message"]) and world.seen() == {"a.md": "1"}


def _without(name: str) -> Callable[[dict[str, str]], Mapping[str, str]]:
    return lambda headers: {key: value for key, value in headers.items() if key != name}


def _with(name: str, value: str) -> Callable[[dict[str, str]], Mapping[str, str]]:
    return lambda headers: headers | {name: value}


@pytest.mark.parametrize(
    "alter",
    [
        _without("webhook-id"),
        _without("webhook-timestamp"),
        _without("webhook-signature"),
        _with("webhook-id", "other"),
        _with("webhook-id", "x" * 129),
        _with("webhook-id", "a b"),
        _with("webhook-timestamp", str(int(NOW) + 1)),
        _with("webhook-timestamp", "yesterday"),
        _with("webhook-timestamp", "9" * 400),
        _with("webhook-signature", "v1,AAAA"),
        _with("webhook-signature", "v1,"),
        _with("webhook-signature", "v2,x"),
        _with("webhook-signature", ""),
    ],
)
def test_whoever_is_not_the_sender_is_refused(
    world: World, alter: Callable[[dict[str, str]], Mapping[str, str]]
) -> None:
    status, answer = world.push(put(a="1"), alter=alter)
    assert (status, answer["reason"]) == (401, "Unsigned")
    assert not (world.folder / "v" / "cms" / "current.json").exists()


@pytest.mark.parametrize("off", [-301, 301, -86_400])
def test_an_old_push_cannot_be_replayed(world: World, off: float) -> None:
    assert world.push(put(a="1"), at=NOW + off)[0] == 401


@pytest.mark.parametrize("off", [-299, 0, 299])
def test_clocks_may_differ_a_little(world: World, off: float) -> None:
    assert world.push(put(a="1"), at=NOW + off)[0] == 200


def test_another_secret_and_another_source_are_refused_alike(world: World) -> None:
    assert world.push(put(a="1"), secret=OTHER)[0] == 401
    assert world.push(put(a="1"), source="faq")[0] == 401


def test_a_secret_is_rotated_without_a_restart(world: World) -> None:
    (world.folder / "secret").write_text(f"{SECRET}\n{OTHER}\n")
    assert world.push(put(a="1"), "1")[0] == world.push(put(a="2"), "2", secret=OTHER)[0] == 200
    (world.folder / "secret").write_text(OTHER)
    assert world.push(put(a="3"), "3")[0] == 401


def test_an_unusable_secret_is_our_fault_and_not_shown(world: World) -> None:
    (world.folder / "secret").write_text("whsec_c2hvcnQ=")
    status, answer = world.push(put(a="1"))
    assert status == 503 and "c2hvcnQ" not in str(answer)


@pytest.mark.parametrize("text", ["", "whsec_???", "whsec_c2hvcnQ="])
def test_secrets_of_another_form_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        read_secrets(text)
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{", "body"),
        ("[]", "body"),
        ("{}", "put and delete"),
        ('{"put": [{"name": "../a.md", "text": "x"}]}', "put.0.name"),
        ('{"put": [{"name": "a.md"}]}', "exactly one of text and base64"),
        ('{"put": [{"name": "a.md", "base64": "?"}]}', "put.0.base64"),
        ('{"put": [{"name": "a.md", "text": "x"}], "delete": ["a.md"]}', "named twice"),
        ('{"put": [{"name": "a.md", "text": "x", "mode": 1}]}', "put.0.mode"),
    ],
)
def test_a_body_that_is_no_change_is_refused_by_the_field(world: World, body: str, field: str) -> None:
    status, answer = world.push(None, body=body)
    assert (status, answer["reason"]) == (400, "Malformed") and field in str(answer["message"])


def test_too_much_is_refused_whole(tmp_path: Path) -> None:
    world = World(tmp_path, Limits(file_bytes=100))
    world.push(put(a="1"), "1")
    status, answer = world.push(put(b="2", c="x" * 101), "2")
    assert (status, answer["reason"]) == (413, "TooLarge") and "c.md" in str(answer["message"])
    assert world.push(put(d="x" * 6000), "3")[0] == 413
    assert world.seen() == {"a.md": "1"}


async def test_pushes_at_the_same_time_all_count(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    source = PushSource(name="cms", secret_file=str(tmp_path / "secret"))
    inbox = Inbox(source, tmp_path / "v", time.time)
    stamp = datetime.now(UTC)

    async def one(number: int) -> None:
        body = json.dumps(put(**{f"d{number}": "x"}))
        headers = {
            "webhook-id": str(number),
            "webhook-timestamp": str(int(stamp.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(str(number), stamp, body),
        }
        await inbox.take(headers, body.encode())

    await asyncio.gather(*(one(number) for number in range(20)))
    current = Shelf(tmp_path / "v" / "cms").current()
    assert current is not None and len(current.files) == 20
