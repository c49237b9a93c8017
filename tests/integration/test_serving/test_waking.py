"""A gateway process whose engine is at rest: the question is held, seen by Prometheus, and answered once somebody starts it."""

import asyncio
from pathlib import Path

from kefu_api.documents.release import Budget, EngineTarget
from tests.integration.test_serving.client import chat, events
from tests.integration.test_serving.conftest import PIECES, World, a_world
from tests.integration.test_serving.servers import eventually, mount, start_mock

QUESTION = "How long can I return it?"
HELD = 'kefu_gateway_engine_held{chatbot="shop",engine="engine-1",namespace="acme"}'


def put_to_sleep(world: World, seconds: float) -> None:
    """A release whose engine may be at rest, and is."""
    target = EngineTarget(url=world.engine.url, model="qwen", name="engine-1", wakes=True)
    plain = world.release(name="r2", budget=Budget(total_seconds=seconds, tokens=300))
    release = plain.model_copy(update={"engine": target})
    mount(world.gateway.release, {"release.json": release.to_json()})
    eventually(lambda: HELD in world.gateway.metrics())
    world.engine.process.kill()


async def test_the_first_question_is_held_and_answered(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        put_to_sleep(world, 60)
        assert f"{HELD} 0.0" in world.gateway.metrics()
        asking = asyncio.create_task(events(world.gateway, QUESTION))
        await asyncio.to_thread(eventually, lambda: f"{HELD} 1.0" in world.gateway.metrics())
        asked = next(
            line for line in world.gateway.metrics().splitlines() if line.startswith("kefu_gateway_engine_asked")
        )
        assert float(asked.rpartition(" ")[2]) > 1_700_000_000
        world.engine = start_mock("mock_engine", port=world.engine.port)
        world.engine.control(pieces=PIECES)
        assert (await asking)[-1].data["outcome"] == "answered"
        assert f"{HELD} 0.0" in world.gateway.metrics()
        assert world.gateway.turns()[-1]["held"] is True


async def test_an_engine_that_does_not_come_in_time_is_said_to_be_starting(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        put_to_sleep(world, 1)
        answer = await chat(world.gateway, "多久可以退货？")
        assert (answer["outcome"], answer["code"]) == ("unavailable", "V4004")
        assert "正在启动" in answer["answer"] or "启动中" in answer["answer"]
