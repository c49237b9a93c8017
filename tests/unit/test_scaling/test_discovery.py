"""Kinds of others come and go; what cannot be asked for is not taken for absent."""

import asyncio
from typing import Any

import pytest

from kefu_operator.discovery import Discovery
from kefu_operator.errors import Absent, ApiError, Forbidden, Unavailable
from kefu_operator.resources import CUSTOM_METRICS, POD_METRICS, SCALED_OBJECTS

KEDA, METRICS = SCALED_OBJECTS.api_version, POD_METRICS.api_version


class Server:
    """Answers by path; everything else is absent."""

    def __init__(self, answers: dict[str, list[str] | ApiError | dict[str, Any]]) -> None:
        self.answers = answers

    async def request(self, method: str, path: str) -> dict[str, Any]:
        assert method == "get"
        version = path.removeprefix("/apis/")
        answer = self.answers.get(version, Absent("no such path", 404))
        if isinstance(answer, ApiError):
            raise answer
        if isinstance(answer, dict):
            return answer
        return {"groupVersion": version, "resources": [{"name": name} for name in answer]}


def discovery(server: Server) -> Discovery:
    return Discovery(server, seconds=0)  # type: ignore[arg-type]


def test_what_is_served_is_known_by_kind() -> None:
    kinds = asyncio.run(discovery(Server({KEDA: ["scaledobjects", "scaledobjects/status"]})).kinds())
    assert kinds.has(SCALED_OBJECTS)
    assert not kinds.has(POD_METRICS)
    assert kinds.names(CUSTOM_METRICS) == frozenset()


def test_a_kind_that_comes_and_one_that_goes_are_changes() -> None:
    async def looks() -> list[bool]:
        server = Server({})
        found = discovery(server)
        first = await found.look()
        server.answers = {KEDA: ["scaledobjects"]}
        came, same = await found.look(), await found.look()
        server.answers = {}
        return [first, came, same, await found.look()]

    assert asyncio.run(looks()) == [True, True, False, True]


def test_while_the_api_server_is_away_nothing_is_absent() -> None:
    async def looks() -> None:
        server = Server({KEDA: Unavailable("away")})
        found = discovery(server)
        with pytest.raises(Unavailable):
            await found.kinds()
        server.answers = {KEDA: ["scaledobjects"]}
        assert (await found.kinds()).has(SCALED_OBJECTS)
        server.answers = {KEDA: Unavailable("away")}
        with pytest.raises(Unavailable):
            await found.look()
        assert (await found.kinds()).has(SCALED_OBJECTS)

    asyncio.run(looks())


def test_an_aggregated_server_that_is_away_is_what_it_was() -> None:
    async def looks() -> None:
        server = Server({METRICS: Unavailable("the server is currently unable to handle the request", 503)})
        found = discovery(server)
        assert not (await found.kinds()).has(POD_METRICS)
        server.answers = {METRICS: ["nodes", "pods"]}
        await found.look()
        server.answers = {METRICS: Unavailable("away", 503)}
        assert not await found.look()
        assert (await found.kinds()).has(POD_METRICS)

    asyncio.run(looks())


def test_what_says_nothing_of_a_group_does_not_make_it_absent() -> None:
    async def looks() -> None:
        server = Server({KEDA: ["scaledobjects"], METRICS: ["pods"]})
        found = discovery(server)
        await found.look()
        server.answers = {KEDA: ["scaledobjects"], METRICS: {"error": "no route"}}
        assert not await found.look()
        server.answers = {KEDA: {"error": "no route"}}
        with pytest.raises(Unavailable):
            await found.look()
        assert (await found.kinds()).has(SCALED_OBJECTS)

    asyncio.run(looks())


def test_a_group_that_may_not_be_seen_is_absent() -> None:
    assert not asyncio.run(discovery(Server({KEDA: Forbidden("no", 403)})).kinds()).has(SCALED_OBJECTS)


def test_every_look_is_told_with_what_there_is() -> None:
    async def looks() -> list[tuple[bool, bool]]:
        server, told = Server({}), list[tuple[bool, bool]]()
        enough = asyncio.Event()

        def seen(kinds: Any, changed: bool) -> None:
            told.append((kinds.has(SCALED_OBJECTS), changed))
            server.answers = {KEDA: ["scaledobjects"]}
            if len(told) == 3:
                enough.set()

        task = asyncio.create_task(discovery(server).run(seen))
        async with asyncio.timeout(30):
            await enough.wait()
        task.cancel()
        return told[:3]

    assert asyncio.run(looks()) == [(False, True), (True, True), (True, False)]
