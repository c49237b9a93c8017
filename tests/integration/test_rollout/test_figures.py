"""The questions about a release, asked of a real Prometheus that scrapes the gateway's own instruments."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from hack.prometheus import prometheus
from prometheus_client import CollectorRegistry, start_http_server

from kefu_api.documents.release import Handoff
from kefu_api.documents.variants import Role, Variant, Variants
from kefu_api.kinds.rollout import Analysis
from kefu_api.wire.feedback import Rating
from kefu_operator.gather.figures import gather_figures
from kefu_operator.prometheus import connect
from kefu_operator.rollout.judge import Figure, Outcome, judge
from kefu_operator.rollout.queries import Subject, questions
from kefu_serving.metrics import Fate, Instruments, Metrics
from tests.unit.test_serving.doubles import turn
from tests.unit.test_serving.test_variants import release

ANALYSIS = (
    Analysis(metric="errorRate", at_most="0.1"),
    Analysis(metric="p95Latency", at_most="1.2s"),
    Analysis(metric="p95FirstToken", at_most="800ms"),
    Analysis(metric="refusalRate", at_most="0.2"),
    Analysis(metric="groundedRate", at_least="0.9"),
    Analysis(metric="feedback", at_least="0.5"),
    Analysis(metric="handoffRate", at_most="0.25"),
)
PATIENCE = 60
HANDOFF = Handoff(on_request=True, below=0.7)


@dataclass
class Scraped:
    """A gateway's instruments, and the Prometheus that scrapes them."""

    instruments: Instruments
    url: str

    def answer(self, name: str, outcome: str, seconds: float, fate: Fate | None, times: int) -> None:
        metrics = Metrics(self.instruments, "acme", "shop", name)
        for _ in range(times):
            ended = turn()
            ended.asked = replace(ended.asked, variant="candidate" if name == "r-new" else "stable")
            ended.first_token = seconds / 2
            metrics.turn(ended, outcome, seconds)
            if fate:
                metrics.generation(fate)
                metrics.feedback(Rating.UP if fate == "said" else Rating.DOWN)

    def figures(self, name: str) -> dict[str, Figure]:
        async def gather() -> dict[str, Figure]:
            async with connect(self.url) as found:
                assert found is not None
                return await gather_figures(found, questions(ANALYSIS, Subject("acme", "shop", name), 60))

        return asyncio.run(gather())

    def until(self, name: str, holds: Callable[[dict[str, Figure]], bool]) -> dict[str, Figure]:
        end = time.monotonic() + PATIENCE
        while not holds(figures := self.figures(name)):
            assert time.monotonic() < end, figures
            time.sleep(0.5)
        return figures


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    registry = CollectorRegistry()
    server, thread = start_http_server(0, "127.0.0.1", registry)
    scrape = {"job_name": "gateways", "static_configs": [{"targets": [f"127.0.0.1:{server.server_port}"]}]}
    with prometheus(tmp_path_factory.mktemp("prometheus"), [scrape], "500ms") as url:
        made = Scraped(Instruments(registry), url)
        made.instruments.in_force(
            Variants(
                variants=(
                    Variant(release=release("r-old", handoff=HANDOFF), role=Role.STABLE, weight=50),
                    Variant(release=release("r-new", handoff=HANDOFF), role=Role.CANDIDATE, weight=50),
                )
            )
        )
        yield made
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_release_that_nobody_asked_gives_nothing_to_conclude(scraped: Scraped) -> None:
    scraped.until("r-old", lambda figures: figures["errorRate"].samples == 0)
    verdicts = judge(ANALYSIS, scraped.figures("r-old"))
    assert {verdict.outcome for verdict in verdicts} == {Outcome.INCONCLUSIVE}
    assert {verdict.outcome for verdict in judge(ANALYSIS, scraped.figures("r-none"))} == {Outcome.INCONCLUSIVE}


def test_good_and_bad_turns_of_one_release_are_told_from_those_of_another(scraped: Scraped) -> None:
    scraped.until("r-new", lambda figures: figures["errorRate"].samples == 0)
    # At once: what comes before the second scrape counts too, in the times as in the numbers.
    scraped.answer("r-old", "answered", 0.3, "said", 40)
    scraped.answer("r-new", "answered", 0.3, "said", 40)
    scraped.answer("r-new", "unknown", 3.0, "declined", 40)
    scraped.answer("r-new", "failed", 4.0, "dropped", 40)
    scraped.answer("r-new", "refused", 0.1, None, 40)
    scraped.answer("r-new", "handedOver", 0.1, None, 40)
    scraped.answer("r-new", "withPerson", 0.1, None, 120)
    figures = scraped.until("r-new", lambda figures: (figures["p95Latency"].samples or 0) > 100)
    assert figures["errorRate"].value == pytest.approx(1 / 4, abs=0.05)
    assert figures["refusalRate"].value == pytest.approx(1 / 3, abs=0.05)
    assert figures["groundedRate"].value == pytest.approx(1 / 2, abs=0.05)
    assert figures["feedback"].value == pytest.approx(1 / 3, abs=0.05)
    # Of those that the bot dealt with; what it left to a person counts for nothing.
    assert figures["handoffRate"].value == pytest.approx(1 / 3, abs=0.05)
    assert figures["handoffRate"].samples == pytest.approx((figures["errorRate"].samples or 0) * 3 / 4, rel=0.1)
    assert 3 < (figures["p95Latency"].value or 0) <= 5
    verdicts = {verdict.metric: verdict.outcome for verdict in judge(ANALYSIS, figures)}
    assert set(verdicts.values()) == {Outcome.FAIL}
    good = scraped.until("r-old", lambda figures: (figures["p95Latency"].samples or 0) > 30)
    assert {verdict.outcome for verdict in judge(ANALYSIS, good)} == {Outcome.PASS}, good
