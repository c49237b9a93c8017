"""The gate: a pod is not asked before its engine has the adapters that it was told of, and nobody else waits for ever."""

import asyncio
from pathlib import Path

import pytest

from kefu_api.documents.adapters import Adapters
from kefu_operator.adapters.engine import EngineAway, EngineGone
from kefu_operator.adapters.gate import WAIT_SECONDS, Gate
from kefu_operator.adapters.told import State


class FakeEngine:
    """vLLM as far as the gate asks it."""

    def __init__(self) -> None:
        self.has: set[str] = set()
        self.trouble: Exception | None = None
        self.seconds = 0.0

    async def loaded(self) -> frozenset[str]:
        await asyncio.sleep(self.seconds)
        if self.trouble:
            raise self.trouble
        return frozenset(self.has)

    async def load(self, name: str, path: str) -> None:
        self.has.add(name)

    async def unload(self, name: str) -> None:
        self.has.discard(name)


class Bench:
    """A gate with a clock."""

    def __init__(self, folder: Path) -> None:
        self.engine, self.now, self.file = FakeEngine(), 0.0, folder / "into" / "opened.json"
        self.begin_anew()

    def begin_anew(self) -> None:
        """The companion's container was started anew: its memory is gone, and its disk is not."""
        self.gate = Gate(self.engine, self.file, lambda: self.now, seconds=0.05)

    async def lets(self, *names: str, after: float = 0) -> bool:
        """Whether the pod may be asked, whose companion is told these adapters."""
        return not await self.obstacle(*names, after=after)

    async def obstacle(self, *names: str, after: float = 0) -> str:
        self.now += after
        sources = tuple({"name": name, "uri": f"hf://acme/{name}"} for name in names)
        return await self.gate.obstacle(Adapters.model_validate({"adapters": sources}))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_a_pod_waits_until_its_engine_has_all_that_it_was_told_of(bench: Bench) -> None:
    bench.engine.trouble = EngineGone("the engine is not there")
    assert await bench.obstacle("voice", "outlet") == "the engine is not there"
    bench.engine.trouble = None
    assert await bench.obstacle("voice", "outlet") == "not loaded yet: outlet, voice"
    await bench.gate.load("voice", "/voice")
    assert await bench.obstacle("voice", "outlet") == "not loaded yet: outlet"
    await bench.gate.load("outlet", "/outlet")
    assert await bench.lets("voice", "outlet")


async def test_an_engine_without_adapters_waits_for_none(bench: Bench) -> None:
    assert await bench.lets()


async def test_an_adapter_that_failed_keeps_nobody_waiting(bench: Bench) -> None:
    bench.engine.has = {"outlet"}
    assert not await bench.lets("voice", "outlet")
    bench.gate.hear(State(frozenset({"outlet"}), {"voice": ("AdapterRefused", "of another model")}))
    assert await bench.lets("voice", "outlet")


async def test_an_adapter_that_neither_comes_nor_fails_is_waited_for_no_longer_than_that(bench: Bench) -> None:
    bench.engine.trouble = EngineGone("it loads its model")
    assert not await bench.lets("voice", after=10 * WAIT_SECONDS)
    bench.engine.trouble = None
    assert not await bench.lets("voice", after=60)
    assert not await bench.lets("voice", after=WAIT_SECONDS - 1)
    assert await bench.lets("voice", after=1)


async def test_an_adapter_that_comes_later_closes_nothing(bench: Bench) -> None:
    bench.engine.has = {"voice"}
    assert await bench.lets("voice")
    assert await bench.lets("voice", "outlet")
    bench.gate.hear(State(frozenset({"voice"}), {"outlet": ("ModelNotFound", "nowhere")}))
    assert await bench.lets("voice", "outlet")


async def test_one_that_nobody_names_may_go_and_come_back(bench: Bench) -> None:
    bench.engine.has = {"voice", "outlet"}
    assert await bench.lets("voice", "outlet")
    await bench.gate.unload("outlet")
    assert await bench.lets("voice", "outlet")


async def test_an_engine_that_was_started_anew_is_not_asked_before_it_has_them_again(bench: Bench) -> None:
    bench.engine.has = {"voice"}
    assert await bench.lets("voice")
    bench.engine.has = set()
    assert not await bench.lets("voice", after=WAIT_SECONDS)
    bench.engine.has = {"voice"}
    assert await bench.lets("voice")
    # It is seen to be away too, by the loader, while it has nothing that could be missed.
    assert await bench.lets()
    bench.engine.trouble = EngineGone("it is not there")
    with pytest.raises(EngineGone):
        await bench.gate.loaded()
    bench.engine.trouble, bench.engine.has = None, set()
    assert not await bench.lets("voice")


@pytest.mark.parametrize("trouble", [EngineAway("the engine answers 500"), None])
async def test_an_engine_that_is_busy_has_what_it_had(bench: Bench, trouble: Exception | None) -> None:
    bench.engine.has = {"voice"}
    assert await bench.lets("voice")
    bench.engine.trouble, bench.engine.seconds = trouble, 0 if trouble else 60
    assert await bench.lets("voice")
    bench.file.unlink()
    bench.begin_anew()
    assert not await bench.lets("voice")


async def test_a_companion_that_is_started_anew_beside_its_engine_closes_nothing(bench: Bench) -> None:
    bench.engine.has = {"voice"}
    assert await bench.lets("voice")
    bench.begin_anew()
    assert await bench.lets("voice", "outlet")
    bench.engine.has = {"voice", "outlet"}
    assert await bench.lets("voice", "outlet")
    # Its node was started anew, and the engine with it.
    bench.engine.has = {"voice"}
    bench.begin_anew()
    assert not await bench.lets("voice", "outlet")


async def test_what_is_no_record_is_none(bench: Bench) -> None:
    bench.file.parent.mkdir()
    for text in ("", "{}", "null"):
        bench.file.write_text(text)
        bench.begin_anew()
        assert not await bench.lets("voice")


async def test_a_disk_that_cannot_be_written_keeps_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / "into").write_text("no folder")
    bench = Bench(tmp_path)
    assert await bench.lets()


async def test_a_companion_that_is_told_nothing_waits_as_long(bench: Bench) -> None:
    assert await bench.gate.obstacle(None) == "it is not told which adapters are wanted"
    bench.now += WAIT_SECONDS
    assert await bench.gate.obstacle(None) == ""
