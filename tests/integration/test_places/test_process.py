"""The two programs as processes: what they leave as last words, and what a kill costs."""

import asyncio
import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hack.ports import free_port
from standardwebhooks import Webhook

from tests.integration.test_places.site import Page, Site, serving
from tests.integration.test_places.world import current, seen

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def start(program: str, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
    """Start one of the programs, with its termination message in `log`."""
    environment = os.environ | {"KEFU_TERMINATION_LOG": str(log), "KEFU_FETCH_LOOPBACK": "1"}
    command = [sys.executable, "-m", f"kefu_retrieval.{program}", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


class Job:
    """A fetch job over pages of a site."""

    def __init__(self, folder: Path, site: Site, *paths: str) -> None:
        self.volume, self.log = folder / "volume", folder / "termination"
        self._document = folder / "fetch.json"
        place = {"kind": "http", "urls": [f"{site.url}{path}" for path in paths]}
        self._document.write_text(
            json.dumps({"namespace": "n", "name": "i", "sources": [{"name": "s", "place": place, "every": 0}]})
        )

    def start(self) -> subprocess.Popen[bytes]:
        """Start it."""
        arguments = ("--document", str(self._document), "--volume", str(self.volume))
        return start("places", *arguments, log=self.log)

    async def run(self) -> tuple[int, dict[str, Any]]:
        """Its exit status, and what it tells of the source."""
        code = await asyncio.to_thread(self.start().wait, 120)
        told: dict[str, Any] = json.loads(self.log.read_text())["sources"][0]
        return code, told


async def test_the_last_words_tell_what_came_and_the_exit_status_whether_to_try_again(tmp_path: Path) -> None:
    async with serving() as site:
        site.put("/a.md", "a")
        job = Job(tmp_path, site, "/a.md")
        code, told = await job.run()
        assert code == 0 and told["digest"] == current(job.volume).digest and told["received"] == 1
        site.pages["/a.md"] = Page(b"", status=503)
        code, failed = await job.run()
        assert code == 75 and failed["reason"] == "PlaceUnreachable" and failed["digest"] == told["digest"]
        site.pages["/a.md"] = Page(b"", status=403)
        code, failed = await job.run()
        assert code == 65 and failed["reason"] == "PlaceForbidden" and failed["digest"] == told["digest"]


async def test_a_killed_fetch_is_not_seen_and_costs_only_what_was_on_its_way(tmp_path: Path) -> None:
    async with serving() as site:
        for number in range(10):
            site.put(f"/p{number}.md", f"page {number}")
        job = Job(tmp_path, site, *(f"/p{number}.md" for number in range(10)))
        site.stall = "/p6.md"
        process = job.start()
        while not site.asked["/p6.md"]:
            assert process.poll() is None
            await asyncio.sleep(0.05)
        process.kill()
        process.wait()
        assert not (job.volume / "s" / "current.json").exists()
        site.stall = None
        site.released.set()
        code, told = await job.run()
        assert code == 0 and told["received"] == 4 and len(seen(job.volume)) == 10
        assert all(site.sent[f"/p{number}.md"] == 1 for number in range(6)), "the first six were not sent again"


def test_a_killed_push_service_answers_a_repeated_push_as_before(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    document = tmp_path / "push.json"
    source = {"name": "cms", "secretFile": str(tmp_path / "secret")}
    document.write_text(json.dumps({"namespace": "n", "name": "i", "sources": [source]}))
    port = free_port()
    arguments = (
        "--document",
        str(document),
        "--volume",
        str(tmp_path / "v"),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    )

    def push(key: str, text: str) -> dict[str, Any]:
        body = json.dumps({"put": [{"name": "a.md", "text": text}]})
        stamp = datetime.now(UTC)
        headers = {
            "webhook-id": key,
            "webhook-timestamp": str(int(stamp.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(key, stamp, body),
        }
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/push/cms", body.encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    for round_ in range(2):
        process = start("push", *arguments, log=tmp_path / "log")
        try:
            until_listening(port, process)
            first, second = push("1", "old"), push("2", "new")
            assert first["digest"] != second["digest"], f"round {round_}"
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    held = (tmp_path / "v" / "cms" / "current.json").read_text()
    assert json.loads(held)["files"]["a.md"]["size"] == 3
    receipts = (tmp_path / "v" / "cms" / "receipts.jsonl").read_text().splitlines()
    assert len(receipts) == 2, "the second round was answered from the receipts"


def until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the process listens."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, "it ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("it does not listen")
