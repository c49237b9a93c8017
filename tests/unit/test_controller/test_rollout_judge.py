"""From figures to verdicts, and the questions that give them."""

import math
from typing import Any

import pytest

from kefu_api.kinds.rollout import Analysis
from kefu_operator.errors import PrometheusAway
from kefu_operator.gather.figures import gather_figures
from kefu_operator.prometheus import Sample
from kefu_operator.rollout.judge import Figure, Outcome, judge, threshold, unknown
from kefu_operator.rollout.queries import Subject, questions
from kefu_operator.rollout.state import State
from tests.unit.test_controller.test_rollout_machine import CANARY, judged

ERRORS = Analysis(metric="errorRate", at_most="0.01")
GROUNDED = Analysis(metric="groundedRate", at_least="0.95")
LATENCY = Analysis(metric="p95Latency", at_most="1.2s")


@pytest.mark.parametrize(
    ("case", "limit", "value", "samples", "outcome", "says"),
    [
        ("within its bound", ERRORS, 0.01, 20, Outcome.PASS, "errorRate is 0.01 over 20 samples, at most 0.01"),
        ("beyond its bound", ERRORS, 0.011, 20, Outcome.FAIL, "errorRate is 0.011 over 20 samples, not at most 0.01"),
        ("too few samples, however bad", ERRORS, 1.0, 19, Outcome.INCONCLUSIVE, "19 of at least 20 samples"),
        ("a fraction of a sample less", ERRORS, 0.0, 19.6, Outcome.PASS, "over 20 samples"),
        ("no series", ERRORS, None, None, Outcome.INCONCLUSIVE, "0 of at least 20 samples"),
        ("samples that are no number", ERRORS, 0.0, math.nan, Outcome.INCONCLUSIVE, "0 of at least 20 samples"),
        ("a value that is no number", ERRORS, math.nan, 50, Outcome.INCONCLUSIVE, "not a number over 50 samples"),
        ("no value for what was counted", ERRORS, None, 50, Outcome.INCONCLUSIVE, "no value over 50 samples"),
        ("good enough", GROUNDED, 0.95, 30, Outcome.PASS, "at least 0.95"),
        ("not good enough", GROUNDED, 0.9, 30, Outcome.FAIL, "groundedRate is 0.9 over 30 samples, not at least 0.95"),
        ("fast enough", LATENCY, 1.19, 30, Outcome.PASS, "p95Latency is 1.19s"),
        ("slower than the last bucket", LATENCY, math.inf, 30, Outcome.FAIL, "beyond all buckets"),
    ],
)
def test_a_metric_s_verdict(
    case: str, limit: Analysis, value: float | None, samples: float | None, outcome: Outcome, says: str
) -> None:
    (judgement,) = judge((limit,), {limit.metric: Figure(value, samples)})
    assert (judgement.outcome, says in judgement.message) == (outcome, True), judgement


class Slow:
    """A Prometheus that counts, and is too slow for percentiles."""

    async def query(self, expression: str) -> tuple[Sample, ...]:
        if "quantile" in expression:
            raise PrometheusAway("no answer within 5 s")
        return (Sample({}, 40.0),)


async def test_a_question_that_is_not_answered_hides_no_failure_of_another() -> None:
    asked = questions((ERRORS, LATENCY), Subject("acme", "shop", "r-2"), 60)
    figures = await gather_figures(Slow(), asked)  # type: ignore[arg-type]
    errors, latency = judge((ERRORS, LATENCY), figures)
    assert (errors.outcome, latency.outcome) == (Outcome.FAIL, Outcome.INCONCLUSIVE)
    assert (latency.samples, latency.message) == (None, "no answer within 5 s")


def test_of_several_metrics_failures_win_and_then_doubt() -> None:
    def verdict(*outcomes: Outcome) -> Outcome | None:
        return State("r1", judgements=tuple(each for outcome in outcomes for each in judged(outcome))).verdict

    assert verdict(Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.FAIL) is Outcome.FAIL
    assert verdict(Outcome.PASS, Outcome.INCONCLUSIVE) is Outcome.INCONCLUSIVE
    assert verdict(Outcome.PASS, Outcome.PASS) is Outcome.PASS


def test_without_prometheus_nothing_is_known() -> None:
    every = unknown((ERRORS, LATENCY), "no Prometheus")
    assert {(each.outcome, each.samples, each.message) for each in every} == {
        (Outcome.INCONCLUSIVE, None, "no Prometheus")
    }


@pytest.mark.parametrize(("text", "seconds"), [("800ms", 0.8), ("1.2s", 1.2), ("0.25", 0.25)])
def test_bounds_are_read_in_prometheus_s_units(text: str, seconds: float) -> None:
    metric: Any = "p95Latency" if text.endswith("s") else "errorRate"
    assert threshold(Analysis(metric=metric, at_most=text)) == pytest.approx(seconds)


@pytest.mark.parametrize(("seconds", "window"), [(0.4, "[5s]"), (90, "[90s]"), (900_000, "[86400s]")])
def test_questions_look_back_to_the_step_s_beginning(seconds: float, window: str) -> None:
    (question,) = questions((ERRORS,), Subject("acme", "shop", "r-1"), seconds)
    assert question.value.count(window) == 3
    assert 'release="r-1"' in question.samples


def test_measurements_are_told_as_the_machine_takes_them() -> None:
    assert [each.outcome.title for each in judged(Outcome.FAIL)] == ["Fail"]
    assert CANARY.stages[0].judged


def test_handoffs_are_a_share_of_what_the_bot_dealt_with() -> None:
    (question,) = questions((Analysis(metric="handoffRate", at_most="0.25"),), Subject("acme", "shop", "r-1"), 60)
    assert 'outcome=~"handedOver"' in question.value
    assert 'outcome=~"answered|unknown|handedOver"' in question.samples
    assert "withPerson" not in question.value + question.samples
