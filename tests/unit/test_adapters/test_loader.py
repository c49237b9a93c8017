"""The loader: an engine comes to have exactly what the document names, whatever happens to it."""

from dataclasses import dataclass, field

from kefu_api.documents.adapters import Adapters, AdapterSource
from kefu_operator.adapters.engine import AdapterRefused, EngineAway
from kefu_operator.adapters.loader import RETRY_SECONDS, Loader
from kefu_operator.adapters.told import LINGER_SECONDS, State, parse
from kefu_operator.fetch.errors import FetchError, NotFound

VOICE = AdapterSource(name="voice-1", uri="hf://acme/voice")
OUTLET = AdapterSource(name="outlet-1", uri="pvc://loras/outlet", path="/etc/kefu/adapters/outlet")


@dataclass
class FakeEngine:
    """vLLM as far as adapters go; forgets them when it is started anew."""

    has: dict[str, str] = field(default_factory=dict)
    away: bool = False
    refuses: str = ""

    async def loaded(self) -> frozenset[str]:
        if self.away:
            raise EngineAway("it loads its model")
        return frozenset(self.has)

    async def load(self, name: str, path: str) -> None:
        if self.refuses:
            raise AdapterRefused(self.refuses)
        self.has[name] = path

    async def unload(self, name: str) -> None:
        del self.has[name]


class Bench:
    """A loader with a clock and a source of adapters."""

    def __init__(self, *failures: FetchError) -> None:
        self.engine, self.now, self.told = FakeEngine(), 0.0, list[State]()
        self.fetched: list[str] = []
        self.failures = list(failures)
        self.loader = Loader(self._fetch, self.engine, self.told.append, lambda: self.now)

    async def _fetch(self, source: AdapterSource) -> str:
        self.fetched.append(source.name)
        if self.failures:
            raise self.failures.pop(0)
        return f"/var/{source.name}"

    async def step(self, *wanted: AdapterSource, after: float = 0) -> State:
        self.now += after
        await self.loader.step(Adapters(adapters=wanted))
        return self.told[-1]


async def test_what_the_document_names_is_fetched_and_loaded() -> None:
    bench = Bench()
    state = await bench.step(VOICE, OUTLET)
    assert bench.engine.has == {"voice-1": "/var/voice-1", "outlet-1": "/etc/kefu/adapters/outlet"}
    assert bench.fetched == ["voice-1"]
    assert state == State(frozenset({"voice-1", "outlet-1"}))


async def test_an_engine_that_was_started_anew_gets_its_adapters_again() -> None:
    bench = Bench()
    await bench.step(VOICE)
    bench.engine.has.clear()
    assert (await bench.step(VOICE)).loaded == {"voice-1"}


async def test_while_the_engine_loads_its_model_nothing_counts_as_loaded() -> None:
    bench = Bench()
    bench.engine.away = True
    assert await bench.step(VOICE) == State()
    bench.engine.away = False
    assert (await bench.step(VOICE)).loaded == {"voice-1"}


async def test_what_fails_is_told_and_tried_again_later_and_keeps_nobody_else_waiting() -> None:
    bench = Bench(NotFound("no such repository"))
    state = await bench.step(VOICE, OUTLET)
    assert state.loaded == {"outlet-1"}
    assert state.failed == {"voice-1": ("ModelNotFound", "no such repository")}
    await bench.step(VOICE, OUTLET, after=RETRY_SECONDS / 2)
    assert bench.fetched == ["voice-1"]
    assert (await bench.step(VOICE, OUTLET, after=RETRY_SECONDS)).failed == {}


async def test_an_adapter_of_another_model_is_refused_with_the_engines_words() -> None:
    bench = Bench()
    bench.engine.refuses = "LoRA rank 64 is greater than max_lora_rank 16"
    reason, message = (await bench.step(VOICE)).failed["voice-1"]
    assert reason == "AdapterRefused"
    assert "rank 64" in message
    assert "trained on this model" in message


async def test_an_adapter_that_nobody_names_lingers_and_goes() -> None:
    bench = Bench()
    await bench.step(VOICE, OUTLET)
    assert (await bench.step(VOICE)).loaded == {"voice-1"}
    assert "outlet-1" in bench.engine.has
    await bench.step(VOICE, after=LINGER_SECONDS - 1)
    assert "outlet-1" in bench.engine.has
    await bench.step(VOICE, after=1)
    assert "outlet-1" not in bench.engine.has


async def test_one_that_is_named_again_meanwhile_stays() -> None:
    bench = Bench()
    await bench.step(VOICE, OUTLET)
    await bench.step(VOICE, after=1)
    await bench.step(VOICE, OUTLET, after=1)
    await bench.step(VOICE, after=LINGER_SECONDS - 1)
    assert "outlet-1" in bench.engine.has


def test_a_state_is_read_as_it_was_written() -> None:
    state = State(frozenset({"a", "b"}), {"c": ("ModelNotFound", "没有 such")})
    assert parse(state.line()) == state
    assert parse('{"event": "progress"}') is None
    assert parse("loading") is None


def test_a_state_stays_short_enough_for_the_operator_to_read() -> None:
    failed = {f"{'x' * 60}-{number}": ("ModelUnreachable", "y" * 5000) for number in range(40)}
    assert len(State(frozenset(), failed).line()) < 4096
