"""What adapters need, and engines without those whose needs are missing."""

from typing import Any

import pytest

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.plan.engines.needs import CLAIM, SECRET, Need, all_needs, without
from tests.unit.test_plan.objects import chatbot

LORAS, KEYS = Need(CLAIM, "loras"), Need(SECRET, "keys")


def server(name: str = "keys") -> dict[str, Any]:
    keys = {"accessKeySecret": {"name": name, "key": "id"}, "secretKeySecret": {"name": name, "key": "secret"}}
    return {"endpoint": "https://s3.example", **keys}


def bot(name: str, *uris: str, **model: Any) -> ChatbotDeployment:
    adapters = [{"name": uri.rstrip("/").rpartition("/")[2], "uri": uri} for uri in uris]
    return chatbot({"model": {"uri": "hf://a/b", "adapters": adapters, **model}}, name=name)


def kept(bots: list[ChatbotDeployment]) -> list[list[str]]:
    return [[each.name for each in each.spec.model.adapters] if each.spec.model else [] for each in bots]


BOTS = [
    bot("shop", "pvc://loras/voice", "hf://acme/plain"),
    bot("outlet", "s3://loras/deep/", "pvc://loras/voice", s3=server()),
    chatbot({"model": None, "engine": {"endpoint": {"url": "http://llm.example", "model": "m"}}}, name="other"),
]


def test_claims_and_keys_are_needed_and_each_is_told_once() -> None:
    assert all_needs(BOTS) == (LORAS, KEYS)
    token = bot("hub", "hf://acme/plain", tokenSecret={"name": "hub", "key": "token"})
    public = bot("public", "s3://loras/deep/", s3={"endpoint": "https://s3.example"})
    assert all_needs([token, public]) == ()


@pytest.mark.parametrize(
    ("missing", "adapters", "lacks"),
    [
        ((), [["voice", "plain"], ["deep", "voice"], []], {}),
        ((LORAS,), [["plain"], ["deep"], []], {"voice": LORAS}),
        ((KEYS,), [["voice", "plain"], ["voice"], []], {"deep": KEYS}),
        ((LORAS, KEYS), [["plain"], [], []], {"voice": LORAS, "deep": KEYS}),
    ],
)
def test_an_adapter_without_what_it_needs_is_left_out_and_no_other(
    missing: tuple[Need, ...], adapters: list[list[str]], lacks: dict[str, Need]
) -> None:
    left, found = without(BOTS, missing)
    assert kept(left) == adapters
    assert {name.rpartition("-")[0]: need for name, need in found.items()} == lacks
    assert [each.metadata for each in left] == [each.metadata for each in BOTS]


def test_an_adapter_that_another_chatbot_brings_lacks_nothing() -> None:
    bots = [bot("shop", "s3://loras/deep/", s3=server("gone")), bot("outlet", "s3://loras/deep/", s3=server())]
    left, lacks = without(bots, {Need(SECRET, "gone")})
    assert (kept(left), lacks) == ([[], ["deep"]], {})
