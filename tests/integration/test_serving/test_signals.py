"""The figures that KEDA asks for, asked of a real Prometheus that scrapes a real gateway and a real llama.cpp.

A misspelt figure is an empty answer and no error, so nothing but the real thing proves that an engine can be scaled by it.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hack.models.errors import NotFetched
from hack.models.table import load_table, models_root
from hack.ports import free_port
from hack.prometheus import prometheus

from kefu_api.documents.release import Budget, EngineTarget
from kefu_operator.desired.metadata import Scope
from kefu_operator.desired.scaled_object import scaled_object
from kefu_operator.plan.demand import Demand
from kefu_operator.plan.engines.llama_cpp import SIGNALS
from kefu_operator.plan.scaler import Autoscaling, How
from kefu_operator.plan.workload import Compute, Container, Workload
from kefu_operator.prometheus import connect
from tests.integration.test_serving.client import chat
from tests.integration.test_serving.conftest import World, a_world
from tests.integration.test_serving.servers import Process, eventually, mount

pytestmark = pytest.mark.model

NAME = "engine-1"
IDLE_SECONDS = 8
QUESTION = "How long can I return it?"


def queries() -> dict[str, str]:
    """As the ScaledObject of such an engine holds them."""
    workload = Workload(NAME, "engine", Container("engine", "llamaCpp", (), Compute("1", "1Gi")))
    decided = Autoscaling(
        How.KEDA, Demand(1, 4, queue_depth=1, idle_seconds=IDLE_SECONDS), SIGNALS, prometheus="http://here"
    )
    made = scaled_object(workload, decided, Scope("acme", {}, ()))
    return {trigger["name"]: trigger["metadata"]["query"] for trigger in made["spec"]["triggers"]}


@contextmanager
def llama(port: int) -> Iterator[None]:
    """The engine, answering one question at a time."""
    try:
        model = load_table()["qwen2.5-coder-0.5b"].require(models_root())
    except NotFetched as missing:
        pytest.skip(str(missing))
    options = ["--model", str(model), "--alias", "small", "--port", str(port), "--parallel", "1", "--context", "4096"]
    process = Process.start([sys.executable, "-m", "kefu_serving.engines.llamacpp", *options])
    try:
        yield
    finally:
        process.stop()


def target(address: str, pod: str) -> dict[str, Any]:
    """With the labels that a Prometheus gives to pods."""
    return {"targets": [address], "labels": {"namespace": "acme", "pod": pod}}


@contextmanager
def observed(world: World, port: int, folder: Path) -> Iterator[str]:
    """The world with an engine of ours that is at rest, under a Prometheus."""
    wakes = EngineTarget(url=f"http://127.0.0.1:{port}", model="small", name=NAME, wakes=True)
    release = world.release(name="r2", budget=Budget(total_seconds=300, tokens=48)).model_copy(update={"engine": wakes})
    mount(world.gateway.release, {"release.json": release.to_json()})
    eventually(lambda: "kefu_gateway_engine_held" in world.gateway.metrics())
    gateway = target(f"127.0.0.1:{world.gateway.admin_port}", "shop-gateway-5d9-x")
    engine = target(f"127.0.0.1:{port}", f"{NAME}-7f4-y")
    with prometheus(folder, [{"job_name": "pods", "static_configs": [gateway, engine]}]) as url:
        yield url


async def ask_until(seen: asyncio.Event, world: World, question: str) -> set[str]:
    """Ask again and again, for a crowd that asks once may be answered between two scrapes; how it ended."""
    outcomes = set()
    while not seen.is_set():
        outcomes.add(str((await chat(world.gateway, question))["outcome"]))
    return outcomes


async def test_a_held_question_wakes_a_queue_asks_for_more_and_silence_lets_sleep(tmp_path: Path) -> None:
    asked_for, port = queries(), free_port()
    with a_world(tmp_path) as world, observed(world, port, tmp_path) as url:
        async with connect(url) as found:
            assert found is not None

            async def until(name: str, value: float, *, more: bool = False) -> None:
                """The figure has this value, or more."""
                async with asyncio.timeout(120):
                    while True:
                        samples = await found.query(asked_for[name])
                        if samples and (samples[0].value == value or (more and samples[0].value > value)):
                            return
                        await asyncio.sleep(0.5)

            await until("queue", 0)
            await until("asked", 0)
            first = asyncio.create_task(chat(world.gateway, QUESTION))
            await until("queue", 1)
            await until("asked", 1)
            with llama(port):
                assert (await first)["outcome"] in ("answered", "unknown")
                seen = asyncio.Event()
                crowd = [asyncio.create_task(ask_until(seen, world, f"{QUESTION} {n}")) for n in range(5)]
                await until("queue", 2, more=True)
                seen.set()
                assert set().union(*await asyncio.gather(*crowd)) <= {"answered", "unknown"}
                await until("queue", 0)
                await until("asked", 0)
