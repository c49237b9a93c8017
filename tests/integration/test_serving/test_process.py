import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.test_serving.client import chat, post, streaming
from tests.integration.test_serving.conftest import World, a_world
from tests.integration.test_serving.servers import eventually, mount, start_gateway

QUESTION = "How long can I return it?"


async def test_a_new_release_is_in_force_without_a_restart_and_a_bad_one_is_not(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        gateway = world.gateway
        mount(gateway.release, {"release.json": world.release(name="r2", chatbot="shop").to_json()})
        eventually(lambda: gateway.ready()[1]["release"] == "r2")
        assert (await chat(gateway, QUESTION))["release"] == "r2"
        mount(gateway.release, {"release.json": '{"schemaVersion": "v1", "name": 3}'})
        refused = gateway.process.wait_for(lambda e: e.get("msg") == "configuration refused")
        assert "release.json" in refused["reason"] and "namespace" in refused["reason"]
        assert (await chat(gateway, QUESTION))["release"] == "r2"


async def test_keys_follow_the_mounted_secret(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        gateway = world.gateway
        mount(gateway.keys, {"web": "rotated-key-789\n", "shop.js": "second-key-000"})
        eventually(lambda: gateway.ready()[1]["keys"] == 2)
        assert (await post(gateway, "/v1/chat", {"message": QUESTION})).status == 401
        for key in ("rotated-key-789", "second-key-000"):
            assert await chat(gateway, QUESTION, {"authorization": f"Bearer {key}"})


async def test_a_turn_under_way_finishes_under_the_release_it_began_with(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        world.engine.control(pieces=["Within ", *["many "] * 60, "days [1]."], interval=0.05)
        async with streaming(world.gateway, QUESTION) as stream:
            first = await anext(stream)
            mount(world.gateway.release, {"release.json": world.release(name="r2").to_json()})
            rest = [event async for event in stream]
        assert first.data["release"] == rest[-1].data["release"] == "r1"
        eventually(lambda: world.gateway.ready()[1]["release"] == "r2")


async def test_sigterm_lets_a_running_answer_finish_and_is_not_ready_meanwhile(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        world.engine.control(pieces=["Within ", *["many "] * 60, "days [1]."], interval=0.05)
        async with streaming(world.gateway, QUESTION) as stream:
            assert (await anext(stream)).name == "start"
            world.gateway.process.child.send_signal(signal.SIGTERM)
            eventually(lambda: world.gateway.ready()[0] == 503)
            assert world.gateway.ready()[1]["reason"] == "draining"
            assert [event async for event in stream][-1].name == "done"
        assert world.gateway.process.child.wait(30) == 0


def test_without_a_release_it_lives_but_is_not_ready(tmp_path: Path) -> None:
    gateway = start_gateway(tmp_path, None)
    try:
        assert gateway.ready()[0] == 503
        reply = asyncio.run(post(gateway, "/v1/chat", {"message": QUESTION}))
        assert (reply.status, reply.body["code"]) == (503, "V5001")
        assert "release" in reply.body["message"]
    finally:
        assert gateway.process.stop() == 0


def test_a_port_in_use_is_said_in_a_sentence(world: World, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kefu_serving", "--release", str(tmp_path), "--keys", str(tmp_path)]
    command += ["--host", "127.0.0.1", "--port", str(world.gateway.port), "--admin-port", "0"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 78
    assert f"port {world.gateway.port}: Address already in use" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("environment", "named"),
    [({"KEFU_LOG_LEVEL": "loud"}, "KEFU_LOG_LEVEL"), ({"KEFU_USER_SALT_FILE": "/nowhere/salt"}, "KEFU_USER_SALT_FILE")],
)
def test_nonsense_in_the_environment_is_refused_by_name(
    environment: dict[str, str], named: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "kefu_serving", "--release", str(tmp_path), "--keys", str(tmp_path)]
    ended = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, env={**os.environ, **environment}
    )
    assert ended.returncode == 78
    assert named in ended.stderr and "Traceback" not in ended.stderr
