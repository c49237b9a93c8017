import json

import pytest

from tests.integration.test_serving.client import chat, post
from tests.integration.test_serving.conftest import World

CASES: dict[str, tuple[bytes, int, str, str]] = {
    "an empty question": (b'{"message": ""}', 400, "V1003", "message"),
    "only blanks": ('{"message": " \\n\\t　"}'.encode(), 400, "V1003", "message"),
    "only invisible characters": ('{"message": "\u200b\u200d"}'.encode(), 400, "V1003", "message"),
    "4001 characters": (json.dumps({"message": "问" * 4001}).encode(), 400, "V1004", "4000"),
    "100 kB": (json.dumps({"message": "a" * 100_000}).encode(), 413, "V1006", "bytes"),
    "not UTF-8": (b'{"message": "\xff\xfe"}', 400, "V1005", "UTF-8"),
    "a control character": (b'{"message": "a\\u0000b"}', 400, "V1005", "U+0000"),
    "half a surrogate pair": (b'{"message": "a\\ud800b"}', 400, "V1005", "U+D800"),
    "an unknown field": (b'{"message": "hi", "temperature": 1}', 400, "V1002", "temperature"),
    "a wrong type": (b'{"message": 5}', 400, "V1002", "message"),
    "no message": (b"{}", 400, "V1002", "message"),
    "a bad session id": (b'{"message": "hi", "session": "../x"}', 400, "V1002", "session"),
    "not JSON": (b"message=hi", 400, "V1002", "JSON"),
    "not an object": (b'"hi"', 400, "V1002", "body"),
    "nested beyond reason": (b"[" * 60_000, 400, "V1002", "JSON"),
}


@pytest.mark.parametrize("case", CASES)
async def test_bad_input_is_refused_with_a_code_and_the_field(world: World, case: str) -> None:
    body, status, code, named = CASES[case]
    reply = await post(world.gateway, "/v1/chat", body)
    assert (reply.status, reply.body["code"]) == (status, code)
    assert named in reply.body["message"]
    assert reply.body["requestId"] == reply.headers["x-request-id"]


async def test_100_kb_without_a_length_are_refused_too(world: World) -> None:
    import aiohttp

    async def endless() -> object:
        for _ in range(100):
            yield b"a" * 1_000

    headers = {"authorization": f"Bearer {world.gateway.key}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{world.gateway.url}/v1/chat", data=endless(), headers=headers) as response,
    ):
        assert (response.status, (await response.json())["code"]) == (413, "V1006")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", "Basic dGVzdA==", "Bearer test-key-12", "bearer  "]
)
@pytest.mark.parametrize("path", ["/v1/chat", "/v1/chat/completions"])
async def test_a_wrong_key_is_401_whatever_the_body(world: World, authorization: str, path: str) -> None:
    reply = await post(world.gateway, path, b"\xff" * 100, {"authorization": authorization})
    assert (reply.status, reply.body["code"]) == (401, "V1001")
    assert reply.headers["www-authenticate"].startswith("Bearer")


async def test_401s_are_counted(world: World) -> None:
    await post(world.gateway, "/v1/chat", {"message": "hi"}, {"authorization": "Bearer wrong"})
    line = next(x for x in world.gateway.metrics().splitlines() if x.startswith("kefu_gateway_unauthorized_total "))
    assert float(line.split()[1]) >= 1


async def test_wrong_paths_and_methods_are_told_apart(world: World) -> None:
    import aiohttp

    headers = {"authorization": f"Bearer {world.gateway.key}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for method, path, status in (
            ("GET", "/v1/chat", 405),
            ("POST", "/", 405),
            ("GET", "/v2", 404),
            ("GET", "/v1/models", 200),
        ):
            async with session.request(method, world.gateway.url + path) as response:
                assert response.status == status, path


async def test_text_of_every_kind_is_a_question(world: World) -> None:
    for message in ("?", "👍", "7", "a\r\nb\tc", "é" * 4000):
        assert (await chat(world.gateway, message))["outcome"] == "answered"
