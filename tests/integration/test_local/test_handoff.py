"""A conversation under `kefu run` that a person takes over: real gateway, real Valkey, real search."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kefu_api.wire.chat import ChatResponse, Outcome
from kefu_operator.cli.errors import CliError
from kefu_operator.local.encoder import SHA256
from kefu_operator.local.options import cache
from tests.integration.test_local.engine import quoting_engine
from tests.integration.test_local.instance import Instance, running, until
from tests.integration.test_local.test_run import QUESTION, faq
from tests.unit.test_local.objects import chatbot, config_map, index, write

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        not (cache() / "models" / "sha256" / SHA256).is_dir(),
        reason="the sentence encoder is missing: python -m hack.models fetch encoder",
    ),
]


def shop(folder: Path, engine: str, **spec: Any) -> Path:
    bot = chatbot(engine={"endpoint": {"url": engine, "model": "m"}}, **spec)
    return write(folder, index(), bot, config_map(text=faq("seven")))


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    with quoting_engine() as url:
        yield url


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Instance]:
    folder = shop(tmp_path_factory.mktemp("shop") / "files", engine, handoff={"below": "0.5"})
    with running(folder, tmp_path_factory.mktemp("state") / "s") as started:
        yield started.ready()


def desk(instance: Instance, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request of a person's, by the key that was made for people."""
    found = instance.content["chatbots"][0]
    headers = {"authorization": f"Bearer {Path(found['desk_key_file']).read_text().strip()}"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{found['url']}/v1/handoffs{path}", data, headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


def ask(instance: Instance, question: str, session: str | None = None) -> ChatResponse:
    *_, last = instance.gateway().ask(question, session)
    assert isinstance(last, ChatResponse)
    return last


def test_a_person_answers_and_the_bot_goes_on(instance: Instance) -> None:
    assert "Take over   curl -H" in instance.output
    sure = ask(instance, QUESTION)
    assert sure.outcome is Outcome.ANSWERED
    handed = ask(instance, "我要找真人客服", sure.session)
    assert handed.outcome is Outcome.HANDED_OVER
    assert ask(instance, "订单 4711", sure.session).outcome is Outcome.WITH_PERSON
    [case] = desk(instance, "")["handoffs"]
    assert QUESTION in case["summary"]
    assert desk(instance, f"/{case['handoff']}/messages", {"text": "您好，周五到。"}) == {"number": 4}
    assert desk(instance, f"/{case['handoff']}/release", {}) == {"released": True}
    assert ask(instance, QUESTION, sure.session).outcome is Outcome.ANSWERED


def test_a_question_that_the_knowledge_hardly_speaks_of_goes_to_a_person(instance: Instance) -> None:
    handed = ask(instance, "能寄到火星吗？")
    assert handed.outcome is Outcome.HANDED_OVER
    assert handed.action is not None and handed.action.reason == "Unsure"


def test_what_is_edited_while_it_runs_is_taken_over(tmp_path: Path, engine: str) -> None:
    folder = shop(tmp_path / "files", engine)
    with running(folder, tmp_path / "s") as started:
        instance = started.ready()
        assert instance.content["chatbots"][0]["desk_key_file"] is None
        assert ask(instance, "转人工").outcome is Outcome.UNKNOWN
        shop(folder, engine, handoff={})
        until(lambda: bool(instance.content["chatbots"][0]["desk_key_file"]), "the desk has a key")

        def handed_over() -> bool:
            try:
                return ask(instance, "转人工").outcome is Outcome.HANDED_OVER
            except CliError:  # the gateway is being started anew
                return False

        until(handed_over, "the gateway hands over")
        assert desk(instance, "")["open"] >= 1
        with pytest.raises(urllib.error.HTTPError, match="401"):
            key = instance.content["chatbots"][0]["key_file"]
            headers = {"authorization": f"Bearer {Path(key).read_text().strip()}"}
            url = f"{instance.content['chatbots'][0]['url']}/v1/handoffs"
            urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30)
