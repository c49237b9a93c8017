"""What a confidence means: isotonic regression, the curve, its errors, and how a version carries it."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu_api import digest
from kefu_api.documents.index import Evaluation, Index, IngestionReport
from kefu_api.wire.search import SearchResponse
from kefu_api.wire.versions import EvaluateRequest
from kefu_retrieval.errors import StoreRefused
from kefu_retrieval.evaluation.calibrate import (
    EACH,
    LEAST,
    Point,
    brier,
    calibration,
    curve,
    error,
    held_out,
)
from kefu_retrieval.evaluation.isotonic import isotonic
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.search.calibration import Calibration, read
from kefu_retrieval.search.searcher import Searcher
from kefu_retrieval.search.versions import LEARNT, Versions
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.versions.archive import Archive
from kefu_retrieval.versions.desk import Desk
from tests.unit.test_retrieval.doubles import Clock, WordEmbedder, faq_source, index

unhurried = settings(deadline=None, max_examples=100)
SHARES = st.floats(0, 1)
WEIGHED = st.lists(st.tuples(st.floats(-10, 10), st.integers(1, 20)), min_size=1, max_size=30)
POINTS = st.lists(st.builds(Point, SHARES, st.booleans()), min_size=1, max_size=60)


def ascends(values: list[float]) -> bool:
    return all(low <= high for low, high in pairwise(values))


@unhurried
@given(WEIGHED)
def test_the_regression_never_falls_keeps_the_mean_and_stays_within_the_values(
    weighed: list[tuple[float, int]],
) -> None:
    values, weights = [value for value, _ in weighed], [weight for _, weight in weighed]
    found = isotonic(values, weights)
    assert ascends(found)
    assert min(values) <= min(found) and max(found) <= max(values)
    total = sum(weights)
    mean = sum(v * w for v, w in weighed) / total
    assert sum(f * w for f, w in zip(found, weights, strict=True)) / total == pytest.approx(mean, abs=1e-6)


@unhurried
@given(WEIGHED)
def test_the_regression_of_a_regression_is_itself(weighed: list[tuple[float, int]]) -> None:
    weights = [weight for _, weight in weighed]
    found = isotonic([value for value, _ in weighed], weights)
    assert isotonic(found, weights) == found


@unhurried
@given(WEIGHED, st.lists(st.floats(-10, 10), min_size=30, max_size=30))
def test_no_other_ascending_sequence_is_nearer(weighed: list[tuple[float, int]], other: list[float]) -> None:
    values, weights = [value for value, _ in weighed], [weight for _, weight in weighed]

    def distance(sequence: list[float]) -> float:
        return sum(w * (s - v) ** 2 for s, v, w in zip(sequence, values, weights, strict=True))

    assert distance(isotonic(values, weights)) <= distance(sorted(other[: len(values)])) + 1e-6


def test_pools_what_falls() -> None:
    assert isotonic([1, 3, 2, 4], [1, 1, 3, 1]) == [1, 2.25, 2.25, 4]


@unhurried
@given(POINTS, st.lists(SHARES, min_size=2, max_size=9))
def test_a_curve_ascends_from_nothing_and_is_never_certain(points: list[Point], asked: list[float]) -> None:
    knots = curve(points)
    told = Calibration(knots=knots, questions=1, before=0, after=0, judged_by="")
    assert ascends([x for x, _ in knots]) and ascends([y for _, y in knots])
    assert ascends([told(confidence) for confidence in sorted(asked)])
    assert all(0 <= told(confidence) < 1 for confidence in asked)
    assert len(knots) <= 103
    assert len(told.model_dump_json()) < 4_000


def biased(count: int, seed: int = 1) -> list[Point]:
    """Confidences c of which only c² come true."""
    chance = random.Random(seed)  # noqa: S311
    confidences = [chance.random() for _ in range(count)]
    return [Point(each, chance.random() < each**2) for each in confidences]


def test_learns_what_a_biased_confidence_means() -> None:
    learnt = calibration(biased(400), "j")
    assert learnt is not None
    assert learnt.after < learnt.before / 2
    assert learnt(0.5) == pytest.approx(0.25, abs=0.12)
    fresh = biased(2_000, seed=2)
    told = [Point(learnt(point.confidence), point.right) for point in fresh]
    assert brier(told) < brier(fresh)
    assert error(told) < error(fresh) / 2


def test_believes_the_formula_where_there_is_too_little_to_learn_from() -> None:
    points = biased(800)
    assert calibration(points[: LEAST - 1], "j") is None
    rights = [point for point in points if point.right]
    assert calibration(rights[:LEAST] + [p for p in points if not p.right][: EACH - 1], "j") is None
    assert calibration([], "j") is None


def test_believes_the_formula_where_curves_do_worse_on_questions_that_they_have_not_seen() -> None:
    points = [Point(share, number < share * 60) for share in (0.2, 0.8) for number in range(60)]
    assert brier(held_out(points)) >= brier(points)
    assert calibration(points, "j") is None


def test_errors_are_those_of_the_formulas() -> None:
    points = [Point(0.8, True)] * 6 + [Point(0.8, False)] * 6 + [Point(0.1, False)] * 12
    assert brier(points) == pytest.approx((6 * 0.04 + 6 * 0.64 + 12 * 0.01) / 24)
    assert error([Point(0.8, True), Point(0.8, False)]) == pytest.approx(0.3)
    assert 0.1 <= error(points) <= 0.35


def test_a_stored_text_that_is_none_is_as_none() -> None:
    assert (read(""), read("{"), read('{"knots": []}')) == (None, None, None)


WORDS = ("shoes", "lamps", "phones", "kettles", "chairs", "desks", "books", "bikes")
FAQ = "\n".join(
    f"- {{id: a{n}, question: How do I return {word}, answer: Within {n} days.}}" for n, word in enumerate(WORDS)
)
KNOWN = [
    f"- {{id: k{n}-{word}, question: how return number{n} {word}, sources: [faq/a{place}]}}"
    for n in range(16)
    for place, word in enumerate(WORDS)
]
UNKNOWN = [f"- {{id: u{n}, question: How do I return unheard{n}, answerable: false}}" for n in range(80)]
GOLDEN = "\n".join([*KNOWN, *UNKNOWN])


class Shop:
    """A store, and golden questions of which many have no answer though nearly all of their words are known."""

    def __init__(self, folder: Path, golden: str = GOLDEN) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "g.yaml").write_text(golden)
        self.store, self.clock = MemoryStore(), Clock()
        self.evaluation = Evaluation(
            path=str(folder), digest=digest.of_files({"g.yaml": golden}), judged_by=digest.of_text(golden)
        )

    def document(self, version: str, **more: object) -> Index:
        made = index(faq_source(FAQ), version=version, keep=3)
        return made.model_copy(update={"evaluation": self.evaluation, **more})

    async def ingest(self, version: str, **more: object) -> IngestionReport:
        self.clock.now += 1
        return await Ingestion(self.document(version, **more), self.store, WordEmbedder(), self.clock).run()

    async def ask(self, query: str, versions: Versions | None = None) -> SearchResponse:
        document = self.document("v1")
        with ThreadPoolExecutor(2) as threads:
            versions = versions or Versions(self.store, document.store.alias)
            searcher = Searcher(versions, lambda: {"words": WordEmbedder()}, threads, 5.0)
            return await searcher.search("shop", query, 3, document.search, explain=True)


async def test_a_version_carries_what_its_questions_taught_and_takes_it_back_when_it_comes_back(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    learnt = (await shop.ingest("v1")).judgement
    assert learnt and learnt.calibration
    assert learnt.calibration.questions == len(KNOWN) + len(UNKNOWN)
    assert learnt.calibration.after < learnt.calibration.before
    found = await shop.ask("How do I return unheard")
    assert found.explanation and found.explanation.calibrated
    assert found.confidence < found.explanation.calibrated.formula == found.hits[0].confidence
    plain = (await shop.ingest("v2", evaluation=None)).judgement
    assert plain is None
    assert (await shop.ask("How do I return unheard")).confidence == found.hits[0].confidence
    Archive(shop.store, shop.document("v1").store.alias).publish("v1")
    assert (await shop.ask("How do I return unheard")).confidence == found.confidence


async def test_scores_are_those_that_customers_get(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    learnt = (await shop.ingest("v1")).judgement
    off = (await shop.ingest("v2", evaluation=shop.evaluation.model_copy(update={"calibration": "Off"}))).judgement
    assert learnt and off
    assert off.calibration is None
    assert (learnt.scores.recall_at5, off.scores.recall_at5) == (1.0, 1.0)
    assert (learnt.scores.refused or 0) > (off.scores.refused or 0)
    with ThreadPoolExecutor(2) as threads:
        desk = Desk(shop.document("v1"), shop.store, lambda: {"words": WordEmbedder()}, threads)
        told = await desk.evaluate(EvaluateRequest(version="v1", files={"g.yaml": GOLDEN}))
        untold = await desk.evaluate(EvaluateRequest(version="v2", files={"g.yaml": GOLDEN}))
    assert (told.scores, told.calibration) == (learnt.scores, learnt.calibration)
    assert untold.calibration is None
    assert told.calibration_error is not None and untold.calibration_error is not None
    assert learnt.calibration and told.calibration_error < untold.calibration_error == learnt.calibration.before


class Stubborn(MemoryStore):
    """Lets nobody alter a collection, as a Milvus whose user lacks the privilege."""

    def calibrate(self, collection: str, text: str) -> None:
        raise StoreRefused("PermissionDenied")


async def test_a_store_that_refuses_to_keep_it_costs_no_version(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.store = Stubborn()
    told = await shop.ingest("v1")
    assert (told.published, told.judgement and told.judgement.calibration) == (True, None)
    found = await shop.ask("How do I return unheard")
    assert found.confidence == found.hits[0].confidence


async def test_a_reader_notices_after_a_while_what_another_judgement_taught(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    await shop.ingest("v1", evaluation=None)
    clock = Clock()
    versions = Versions(shop.store, shop.document("v1").store.alias, clock)
    before = await shop.ask("How do I return unheard", versions)
    await shop.ingest("v1")
    clock.now += 1
    assert (await shop.ask("How do I return unheard", versions)).confidence == before.confidence
    clock.now += LEARNT
    after = await shop.ask("How do I return unheard", versions)
    assert after.confidence < before.confidence
    assert [hit.confidence for hit in after.hits] == [hit.confidence for hit in before.hits]
