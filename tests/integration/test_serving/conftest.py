from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hack.ports import free_port

from kefu_api.documents.release import Release
from tests.benchmarks.gateway.mock_retrieval import HIT
from tests.integration.test_serving.servers import (
    Gateway,
    Mock,
    Process,
    release_document,
    start_gateway,
    start_mock,
    start_redis,
)

PIECES = ["You can ", "return it ", "within 7 days ", "[", "1", "]."]


class World:
    """A gateway among its upstreams, all real processes on loopback."""

    def __init__(self, folder: Path, environment: dict[str, str], desk_key: str | None = None, **changes: Any) -> None:
        self.folder = folder
        self.redis_port = free_port()
        self.redis: Process = start_redis(self.redis_port)
        self.engine: Mock = start_mock("mock_engine")
        self.retrieval: Mock = start_mock("mock_retrieval")
        self.engine.control(pieces=PIECES)
        self.gateway: Gateway = start_gateway(
            folder, self.release(**changes), environment=environment, desk_key=desk_key
        )

    def release(self, **changes: Any) -> Release:
        """The release document of this world."""
        redis = f"redis://127.0.0.1:{self.redis_port}/0"
        return release_document(self.engine.url, self.retrieval.url, redis, **changes)

    def stop(self) -> None:
        """Ends every process."""
        for process in (self.gateway.process, self.engine.process, self.retrieval.process, self.redis):
            process.stop()


@contextmanager
def a_world(folder: Path, **environment: str) -> Iterator[World]:
    """A world that ends with the block."""
    made = World(folder, environment)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def redis_port() -> Iterator[int]:
    """Where a Redis of its own listens."""
    port = free_port()
    process = start_redis(port)
    yield port
    process.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world a test module; tests that script an upstream put it back."""
    with a_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture(autouse=True)
def as_before(request: pytest.FixtureRequest) -> Iterator[None]:
    """Puts the scripts of the mocks back after every test that shares the world."""
    yield
    if "world" in request.fixturenames:
        made: World = request.getfixturevalue("world")
        made.engine.control(pieces=PIECES)
        made.retrieval.control(status=200, answerable=True, delay=0, hits=[HIT])
