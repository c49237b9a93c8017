"""The gateway's figures as tables, each with its ratios to the bare relay."""

from collections.abc import Mapping, Sequence

from tests.benchmarks.gateway.figures import Figures, Streams, middle
from tests.benchmarks.report import Report, Table

DIRECT = "engine directly"
RELAY = "bare ASGI relay"

WHAT = """Requests a second, first-token latency, CPU time a token and memory of Kefu's gateway (`python -m kefu_serving`)
beside the engine alone, a bare ASGI relay (uvicorn, httptools, uvloop, aiohttp: `tests/benchmarks/gateway/relay.py`) and
vLLM's Rust router. All stand before the same mock engine, which answers at once and costs next to nothing.

The relay and the router copy bytes. A turn of the gateway also checks an API key, asks a (mock) retrieval service for
evidence, writes a prompt, holds back refusals, filters citations, counts and logs; `/v1/chat` besides reads and appends
the conversation in a real Valkey. Each subject runs in one process on a core that it does not share while it is
measured, where there are two cores; upstreams and the load driver run on the others. Subjects take turns in every
repetition; a figure is the median of the repetitions. CPU time is the process's own, from `/proc`."""


def report(figures: Mapping[str, Figures], with_wrk: bool, notes: Sequence[str], cores: int) -> Report:
    """All tables of the benchmark."""
    driver = "wrk" if with_wrk else "tests/benchmarks/gateway/raw.py, since wrk is not installed"
    more = [
        f"Load of the first table: {driver}; of the others: tests/benchmarks/gateway/raw.py.",
        "“req/CPU s” divides requests by the subject's own CPU time: what one core of its own would carry.",
        "The engine's own row is bounded by the core that it shares with the load driver.",
        "The engine streams to the gateway in every case; to the others it answers in one piece where the client asks for that.",
        *notes,
    ]
    if cores < 2:
        more.append("There is one core here, which everything shares: trust the ratios only.")
    return Report("Gateway", WHAT, (_whole(figures), _streams(figures), _burst(figures)), tuple(more))


def _whole(figures: Mapping[str, Figures]) -> Table:
    caption = "One-token answers, not streamed, 32 connections without a pause"
    head = ("", "req/s", "req/CPU s", "p50 ms", "p99 ms", "CPU µs/req", "RSS MB", "req/s ÷ relay", "CPU ÷ relay")
    base = figures[RELAY].whole
    rows = []
    for name, one in figures.items():
        rate, per_cpu = middle(one.whole, "per_second"), middle(one.whole, "per_cpu_second")
        rows.append((
            name, f"{rate:,.0f}", f"{per_cpu:,.0f}", _ms(middle(one.whole, "p50")), _ms(middle(one.whole, "p99")),
            f"{1e6 / per_cpu:,.0f}", f"{one.resident_bytes / 1e6:.0f}",
            f"{rate / middle(base, 'per_second'):.2f}", f"{middle(base, 'per_cpu_second') / per_cpu:.2f}",
        ))  # fmt: skip
    return Table(caption, head, tuple(rows))


def _streams(figures: Mapping[str, Figures]) -> Table:
    caption = "Streams of 100 tokens, one each 10 ms, 32 at a time, begun evenly over a second"
    head = ("", "TTFT p50 ms", "p99 ms", "added p50 ms", "added p99 ms", "CPU µs/token", "CPU ÷ relay")
    base = middle(figures[RELAY].spread, "cpu_per_token")
    rows = []
    for name, one in figures.items():
        cost = middle(one.spread, "cpu_per_token")
        ratio = f"{cost / base:.2f}" if base else "–"
        rows.append((name, *_first(one.spread, figures[DIRECT].spread), f"{cost * 1e6:.1f}", ratio))
    return Table(caption, head, tuple(rows))


def _burst(figures: Mapping[str, Figures]) -> Table:
    caption = "The same streams, 32 begun at the same moment: what queueing adds"
    head = ("", "TTFT p50 ms", "p99 ms", "added p50 ms", "added p99 ms", "CPU µs/token")
    rows = [
        (name, *_first(one.burst, figures[DIRECT].burst), f"{middle(one.burst, 'cpu_per_token') * 1e6:.1f}")
        for name, one in figures.items()
    ]
    return Table(caption, head, tuple(rows))


def _first(one: Sequence[Streams], direct: Sequence[Streams]) -> tuple[str, str, str, str]:
    p50, p99 = middle(one, "p50"), middle(one, "p99")
    if one is direct:
        return _ms(p50), _ms(p99), "–", "–"
    return _ms(p50), _ms(p99), _ms(p50 - middle(direct, "p50")), _ms(p99 - middle(direct, "p99"))


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.2f}"
