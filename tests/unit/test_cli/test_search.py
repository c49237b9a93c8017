"""`kefu search` against a place that answers from memory."""

import argparse
import io
import json
from collections.abc import Mapping

import pytest

from kefu_api.wire.search import (
    Explanation,
    GraphReport,
    Hit,
    LegReport,
    Reasons,
    RerankerReport,
    SearchRequest,
    SearchResponse,
)
from kefu_operator.cli.commands import search
from kefu_operator.cli.errors import NotFound
from kefu_operator.cli.knowledge.engine import Engine
from kefu_operator.cli.knowledge.place import IndexView
from kefu_operator.cli.output import Output

REASONS = Reasons(
    legs={"dense": 0.8}, nearest={"dense": "How do\npoints work"}, evidence={"words": 1.5, "nearest": 3.0}, bias=-11.3
)
TOLD = Explanation(
    asked="积份怎么用",
    searched="积分怎么用",
    language="zh",
    concepts=("积分",),
    expected=(),
    legs=(LegReport(name="dense", weight=0.6, rows=7),),
    left_out={"repeated": 2},
)


class Library:
    """A place of one index that keeps what it was asked."""

    def __init__(self) -> None:
        self.path = ""
        self.request: SearchRequest | None = None
        self.told = TOLD
        self.reasons = REASONS

    def indexes(self) -> Mapping[str, IndexView]:
        return {"shop": IndexView("shop", "v1", (), None, "")}

    def pin(self, index: str, version: str | None) -> None:
        raise AssertionError("a search changes nothing")

    def engine(self, index: str) -> Engine:
        raise AssertionError("no model is asked")

    def questions(self, index: str) -> Mapping[str, str]:
        raise AssertionError("a search asks one question")

    def ask(self, index: str, path: str, body: bytes | None = None) -> bytes:
        self.path, self.request = path, SearchRequest.model_validate_json(body or b"")
        why = path.endswith("?explain=1")
        hit = Hit(
            chunk="c1",
            document="faq/points.zh",
            title="积分怎么用？",
            text="100 积分抵 1 元。" * 20,
            language="zh",
            score=0.1,
            confidence=0.91,
            reasons=self.reasons if why else None,
        )
        answer = SearchResponse(
            index=index,
            version="v1",
            confidence=0.91,
            answerable=True,
            hits=(hit,),
            explanation=self.told if why else None,
        )
        return answer.to_json().encode()


def run(place: Library, *words: str) -> str:
    parser = argparse.ArgumentParser()
    search.register(parser.add_subparsers(), "look up")
    stream = io.StringIO()
    assert search.search(place, parser.parse_args(["search", *words]), Output(stream)) == 0
    return stream.getvalue()


def test_prints_what_was_found() -> None:
    place = Library()
    text = run(place, "积份怎么用", "--top", "3", "--after", "一", "--after", "二")
    assert place.request == SearchRequest(query="积份怎么用", top_k=3, history=("一", "二"))
    assert place.path == "v1/search"
    assert "shop v1: 0.91, sure enough to answer" in text
    assert "1. 0.91  faq/points.zh  积分怎么用？" in text
    assert "…" in text
    assert "looked up" not in text


def test_says_why() -> None:
    text = run(Library(), "积份怎么用", "--explain")
    assert "looked up    积分怎么用" in text
    assert "dense        7 rows, weight 0.6" in text
    assert "left out     2 repeated" in text
    assert "dense 0.800 by “How do points work”" in text
    assert "nearest +3.00, words +1.50, bias -11.30" in text


def test_says_what_the_graph_was_asked_and_which_path_leads_to_a_hit() -> None:
    place = Library()
    place.told = TOLD.model_copy(
        update={
            "graph": GraphReport(
                constraints=("class 充电器", "fits x200"),
                cypher="MATCH (p:Product) RETURN p.id",
                parameters={"fits0": "x200"},
                found=3,
            )
        }
    )
    place.reasons = Reasons(legs={}, nearest={}, evidence={}, bias=-11.3, path=("C65 is a 充电器", "C65 fits x200"))
    text = run(place, "which charger fits the X200", "--explain")
    assert "graph        3 found for class 充电器; fits x200" in text
    assert "cypher       MATCH (p:Product) RETURN p.id" in text
    assert "with         $fits0 = x200" in text
    assert "graph: C65 is a 充电器\n   graph: C65 fits x200" in text
    assert "bias" not in text


def test_says_what_the_reranker_did_or_why_it_did_not() -> None:
    place = Library()
    report = RerankerReport(kind="model", outcome="reranked", candidates=8, seconds=0.0421)
    place.told = TOLD.model_copy(update={"reranker": report})
    place.reasons = REASONS.model_copy(update={"reranker": 0.73, "boosts": {"freshness": 1.149, "tag official": 1.2}})
    text = run(place, "积份", "--explain")
    assert "reranker     model, 8 put in order, 0.042 s" in text
    assert "   reranker 0.730" in text
    assert "   boosted by freshness 1.15, tag official 1.20" in text
    late = RerankerReport(kind="chat", outcome="late", seconds=1.0, detail="no scores within 1 s")
    place.told = TOLD.model_copy(update={"reranker": late})
    assert "reranker     chat, late: no scores within 1 s, 1.000 s" in run(place, "积份", "--explain")


def test_prints_json_for_machines() -> None:
    assert json.loads(run(Library(), "积份", "-o", "json"))["hits"][0]["document"] == "faq/points.zh"


def test_names_the_indexes_when_there_is_none_of_that_name() -> None:
    with pytest.raises(NotFound, match="there is no KnowledgeIndex other"):
        run(Library(), "x", "--index", "other")
