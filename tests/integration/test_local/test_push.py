"""`kefu run` takes pushed documents: what is sent answers, what is sent again changes nothing, what is deleted is gone."""

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from kefu_operator.local.encoder import SHA256
from kefu_operator.local.options import cache
from tests.integration.test_local.instance import Instance, running, until
from tests.unit.test_local.objects import config_map, index, write

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        not (cache() / "models" / "sha256" / SHA256).is_dir(),
        reason="the sentence encoder is missing: python -m hack.models fetch encoder",
    ),
]


class Cms:
    """A content system that knows the address and the key."""

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self._webhook = Webhook(key)

    def send(self, name: str, **change: Any) -> tuple[int, dict[str, Any]]:
        """Push a change under this id; the status and the answer."""
        body, now = json.dumps(change), datetime.now(UTC)
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(name, now, body),
        }
        request = urllib.request.Request(self.address, body.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


def search(started: Instance, question: str) -> list[str]:
    """The documents that are found."""
    entry = started.content["indexes"][0]
    headers = {"Kefu-Token": Path(entry["token_file"]).read_text()}
    body = json.dumps({"query": question, "topK": 5}).encode()
    request = urllib.request.Request(f"{entry['url']}/v1/search", body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return [hit["document"] for hit in json.load(answer)["hits"]]


def version(started: Instance) -> str:
    return str((started.content["indexes"][0]["published"] or {}).get("version"))


def told(started: Instance) -> Cms:
    """What `kefu run` prints: the address and the file of the key."""
    line = next(line for line in started.output.splitlines() if "are pushed to" in line)
    address, _, file = line.partition(" are pushed to ")[2].partition(", signed with ")
    return Cms(address, Path(file.strip()).read_text())


def test_what_is_pushed_answers_and_what_is_deleted_is_gone(tmp_path: Path) -> None:
    sources = [
        {"name": "faq", "format": "FAQ", "configMap": {"name": "shop-faq"}},
        {"name": "cms", "format": "Markdown", "push": {}},
    ]
    folder = write(tmp_path / "files", index(sources=sources), config_map())
    with running(folder, tmp_path / "s") as started:
        started.ready()
        cms, first = told(started), version(started)
        assert "cms/gift.md" not in search(started, "月光礼盒多少钱")

        gift = {"name": "gift.md", "text": "# 月光礼盒\n\n月光礼盒售价 299 元，含运费。\n"}
        other = {"name": "lamp.md", "text": "# 台灯\n\n台灯保修两年。\n"}
        status, answer = cms.send("change-1", put=[gift, other])
        assert (status, answer["files"]) == (200, 2)
        until(lambda: "cms/gift.md" in search(started, "月光礼盒多少钱"), "what was pushed answers")
        until(lambda: version(started) != first, "the instance tells the new version")
        second = version(started)

        assert cms.send("change-1", put=[gift, other]) == (status, answer)
        status, told_ = cms.send("change-1", put=[{**gift, "text": "# 别的"}])
        assert (status, told_["reason"]) == (409, "Conflict")
        forged = Cms(cms.address, "whsec_" + "A" * 44)
        assert forged.send("change-2", delete=["gift.md"])[0] == 401

        status, _ = cms.send("change-3", delete=["gift.md"])
        assert status == 200
        until(lambda: "cms/gift.md" not in search(started, "月光礼盒多少钱"), "what was deleted is gone")
        assert "cms/lamp.md" in search(started, "台灯保修多久")
        until(lambda: version(started) not in (first, second), "the instance tells the third")
