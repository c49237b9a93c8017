"""Several releases in real gateways: replicas agree, nobody moves back, and a shadow is heard by nobody."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kefu_api.documents.variants import Role, Variant, Variants, only
from tests.integration.test_serving.client import chat, post, streaming
from tests.integration.test_serving.conftest import World, a_world
from tests.integration.test_serving.servers import Gateway, eventually, mount, start_gateway

QUESTION = "几天内可以退货？"
CUSTOMERS = [f"顾客-{number}" for number in range(24)]


def document(world: World, weight: int, role: Role = Role.CANDIDATE) -> Variants:
    left = 100 if role is Role.SHADOW else 100 - weight
    return Variants(
        salt="r2",
        variants=(
            Variant(release=world.release(name="r1"), role=Role.STABLE, weight=left),
            Variant(release=world.release(name="r2"), role=role, weight=weight),
        ),
    )


def follow(gateway: Gateway, wanted: Variants) -> None:
    mount(gateway.release, {"release.json": wanted.to_json()})
    shown = [{"release": v.release.name, "role": v.role.value, "weight": v.weight} for v in wanted.variants]
    eventually(lambda: gateway.ready()[1].get("variants") == shown)


async def served(gateway: Gateway) -> dict[str, str]:
    return {user: (await chat(gateway, QUESTION, user=user))["release"] for user in CUSTOMERS}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Gateway]]:
    """Two replicas with one salt, as a chatbot's pods have it."""
    folder = tmp_path_factory.mktemp("replicas")
    salt = folder / "salt"
    salt.write_text("one salt for all replicas")
    environment = {"KEFU_USER_SALT_FILE": str(salt)}
    with a_world(folder / "first", **environment) as world:
        second = start_gateway(folder / "second", world.release(), environment=environment)
        yield world, second
        second.process.stop()


async def test_replicas_agree_and_a_higher_weight_moves_nobody_back(two: tuple[World, Gateway]) -> None:
    world, second = two
    for gateway in (world.gateway, second):
        follow(gateway, document(world, 40))
    few = await served(world.gateway)
    assert set(few.values()) == {"r1", "r2"}
    assert await served(second) == few
    follow(second, document(world, 80))
    many = await served(second)
    assert all(many[user] == "r2" for user, release in few.items() if release == "r2")
    assert list(many.values()).count("r2") > list(few.values()).count("r2")


async def test_a_conversation_without_a_user_stays_with_its_release(two: tuple[World, Gateway]) -> None:
    world, second = two
    for gateway in (world.gateway, second):
        follow(gateway, document(world, 50))
    for _ in range(6):
        first = await chat(world.gateway, QUESTION)
        again = await chat(second, "那耳机呢？", session=first["session"])
        assert again["release"] == first["release"]


async def test_the_answer_says_which_release_gave_it_however_it_is_asked(two: tuple[World, Gateway]) -> None:
    gateway = two[0].gateway
    follow(gateway, document(two[0], 0))
    preview = {"x-kefu-variant": "candidate"}
    whole = await post(gateway, "/v1/chat", {"message": QUESTION}, preview)
    assert (whole.headers["x-kefu-release"], whole.body["release"]) == ("r2", "r2")
    body: dict[str, Any] = {"model": "shop", "messages": [{"role": "user", "content": QUESTION}]}
    openai = await post(gateway, "/v1/chat/completions", body, preview)
    assert (openai.headers["x-kefu-release"], openai.body["kefu"]["release"]) == ("r2", "r2")
    async with streaming(gateway, QUESTION, user="u-1") as events:
        seen = [event async for event in events]
    assert {seen[0].data["release"], seen[-1].data["release"]} == {"r1"}
    unknown = await post(gateway, "/v1/chat", {"message": QUESTION}, {"x-kefu-variant": "shadow"})
    assert unknown.body["release"] == "r1"


async def test_a_shadow_is_asked_the_same_and_leaves_nothing(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        follow(world.gateway, document(world, 100, Role.SHADOW))
        first = await chat(world.gateway, QUESTION)
        assert first["release"] == "r1"
        eventually(lambda: world.engine.stats()["requests"] == 2)
        await chat(world.gateway, "那耳机呢？", session=first["session"])
        eventually(lambda: world.engine.stats()["requests"] == 4)
        # One earlier exchange, not two: what the shadow said was not remembered.
        said = [m["content"] for m in world.engine.stats()["body"]["messages"]]
        assert said.count(first["answer"]) == 1
        metrics = world.gateway.metrics()
        for variant, release in (("stable", "r1"), ("shadow", "r2")):
            series = f'outcome="answered",release="{release}",variant="{variant}"}} 2.0'
            assert any(line.endswith(series) for line in metrics.splitlines()), metrics


async def test_a_rating_counts_once_for_the_release_that_answered(two: tuple[World, Gateway]) -> None:
    world, second = two
    for gateway in (world.gateway, second):
        follow(gateway, document(world, 50))
    told = [await chat(world.gateway, QUESTION, user=user) for user in CUSTOMERS]
    answers = {each["release"]: each["receipt"] for each in told}
    assert set(answers) == {"r1", "r2"}

    async def rate(gateway: Gateway, receipt: str, rating: str = "down") -> Any:
        return await post(gateway, "/v1/feedback", {"receipt": receipt, "rating": rating})

    # By either replica, and by one of them alone.
    assert (await rate(second, answers["r2"])).body == {"counted": True}
    assert (await rate(world.gateway, answers["r2"], "up")).body == {"counted": False}
    assert (await rate(world.gateway, answers["r1"], "up")).body == {"counted": True}
    counted = 'kefu_gateway_feedback_total{chatbot="shop",namespace="acme",rating="%s",release="%s"} %s'
    assert counted % ("down", "r2", "1.0") in second.metrics()
    assert counted % ("up", "r2", "0.0") in world.gateway.metrics()
    assert counted % ("up", "r1", "1.0") in world.gateway.metrics()
    for wrong in (answers["r1"][:-1], "", "r1", "x" * 161):
        assert (await rate(second, wrong)).status == 400
    assert (await post(second, "/v1/feedback", {"receipt": answers["r1"], "rating": "so-so"})).status == 400
    assert (
        await post(second, "/v1/feedback", {"receipt": answers["r1"], "rating": "up"}, {"authorization": "Bearer no"})
    ).status == 401
    assert (await post(second, "/v1/feedback", b"x" * 2_000)).status == 413
    gone = (await chat(world.gateway, QUESTION, {"x-kefu-variant": "candidate"}))["receipt"]
    follow(second, only(world.release(name="r1")))
    assert (await rate(second, gone)).body == {"counted": False}
