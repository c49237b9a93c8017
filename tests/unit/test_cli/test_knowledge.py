"""`kefu knowledge` against a place that is a dictionary: what is chosen, what is pinned, what is printed."""

import argparse
import io
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from kefu_api.documents.index import CalibrationReport, Difference, Scores
from kefu_api.kinds.knowledge.versions import KnownVersion, QuestionChanges
from kefu_api.wire.versions import EvaluateRequest, EvaluateResponse, QuestionResult, VersionDiff
from kefu_operator.cli.commands import knowledge
from kefu_operator.cli.errors import CliError, NotFound, Unreachable
from kefu_operator.cli.knowledge.change import before_it, newest_other, wait_for
from kefu_operator.cli.knowledge.engine import Engine
from kefu_operator.cli.knowledge.place import IndexView, known_versions
from kefu_operator.cli.output import Output


def held(version: str, state: str, **more: object) -> KnownVersion:
    fields = {"version": version, "state": state, "documents": 2, "chunks": 3, "built": "2026-01-01T00:00:00Z", **more}
    return KnownVersion.model_validate(fields)


LOST = {"against": "v2", "lost": 1, "gained": 0, "lostQuestions": ("q7",)}
VIEW = IndexView(
    "shop",
    "v2",
    (
        held("v4", "Refused", failedGates=("mrr 0.4, below 0.5",), questions=LOST),
        held("v3", "Candidate"),
        held("v2", "Published"),
        held("v1", "Refused"),
        held("v0", "Kept"),
    ),
    None,
    "",
)


class Shelf:
    """A place that does at once what it is told, and notes it."""

    def __init__(self, view: IndexView = VIEW, obedient: bool = True) -> None:
        self.view = view
        self.obedient = obedient
        self.asked: list[str] = []
        self.request: EvaluateRequest | None = None
        self.learnt: CalibrationReport | None = None

    def indexes(self) -> Mapping[str, IndexView]:
        return {"shop": self.view}

    def pin(self, index: str, version: str | None) -> None:
        self.view = replace(
            self.view, pinned=version, published=version if self.obedient and version else self.view.published
        )

    def ask(self, index: str, path: str, body: bytes | None = None) -> bytes:
        self.asked.append(path)
        if body is not None:
            self.request = EvaluateRequest.model_validate_json(body)
            result = QuestionResult(id="q1", question="能退货吗", expected=True, answered=True, rank=7, right=False)
            return (
                EvaluateResponse(
                    version="v2",
                    scores=Scores(questions=1, mrr=1 / 7),
                    calibration=self.learnt,
                    calibration_error=0.04,
                    questions=(result,),
                )
                .to_json()
                .encode()
            )
        counts = Difference(added=1, changed=0, removed=0)
        found = VersionDiff(
            before="v2", after="v4", added=("faq/new",), changed=(), removed=(), documents=counts, chunks=counts
        )
        return found.to_json().encode()

    def engine(self, index: str) -> Engine:
        raise AssertionError("no model is asked")

    def questions(self, index: str) -> Mapping[str, str]:
        return {"golden.yaml": "[]"}


def run(place: Shelf, *words: str) -> tuple[int, str]:
    parser = argparse.ArgumentParser()
    knowledge.register(parser.add_subparsers(), "work on versions")
    arguments = parser.parse_args(["knowledge", *words])
    stream = io.StringIO()
    return arguments.act(place, arguments, Output(stream)), stream.getvalue()


def test_versions_are_listed_with_what_is_wrong_with_them() -> None:
    code, text = run(Shelf(replace(VIEW, trouble="GatesFailed: v4 is not published")), "versions")
    assert code == 1
    assert "v2  Published" in text
    assert "below a gate: mrr 0.4, below 0.5" in text
    assert "1 questions lost against v2: q7" in text
    code, text = run(Shelf(), "versions", "shop", "-o", "json")
    assert code == 0
    assert [each["state"] for each in json.loads(text)[0]["versions"]][:3] == ["Refused", "Candidate", "Published"]


def test_a_rollback_goes_to_the_newest_one_that_was_not_refused_and_waits() -> None:
    place = Shelf()
    code, text = run(place, "rollback", "shop")
    assert (code, place.view.pinned) == (0, "v0")
    assert "v0 answers since" in text
    assert run(Shelf(), "rollback", "shop", "--to", "v1")[0] == 0


def test_a_rollback_says_why_it_cannot() -> None:
    with pytest.raises(NotFound, match="keeps no version from before v2"):
        run(Shelf(replace(VIEW, versions=VIEW.versions[:3])), "rollback", "shop")
    with pytest.raises(NotFound, match="holds no version v9"):
        run(Shelf(), "rollback", "shop", "--to", "v9")
    with pytest.raises(NotFound, match="there is no KnowledgeIndex other"):
        run(Shelf(), "rollback", "other")
    with pytest.raises(NotFound, match="has published nothing"):
        before_it(replace(VIEW, published=None))


def test_what_does_not_come_to_answer_in_time_is_told_with_its_trouble() -> None:
    times = iter(range(100))
    stubborn = Shelf(replace(VIEW, trouble="VersionNotFound: gone"), obedient=False)
    with pytest.raises(Unreachable, match="v0 does not answer after 5 s: VersionNotFound: gone"):
        wait_for(stubborn, "shop", "v0", 5, clock=lambda: next(times), sleep=lambda _: None)


def test_publishing_pins_and_newest_lets_go() -> None:
    place = Shelf()
    assert run(place, "publish", "shop", "v3", "--wait", "0")[0] == 0
    assert place.view.pinned == "v3"
    run(place, "publish", "shop", "--newest")
    assert place.view.pinned is None
    for words in (["publish", "shop"], ["publish", "shop", "v3", "--newest"]):
        with pytest.raises(CliError, match="name the version to publish"):
            run(place, *words)


def test_a_diff_names_documents_and_questions_that_were_compared_with_the_same() -> None:
    place = Shelf()
    _, text = run(place, "diff", "shop")
    assert place.asked == ["v1/versions/diff?before=v2&after=v4"]
    assert "+ faq/new" in text
    assert "1 questions lost against v2: q7" in text
    run(place, "diff", "shop", "v0", "v3")
    assert place.asked[-1] == "v1/versions/diff?before=v0&after=v3"
    assert newest_other(replace(VIEW, published="v4")) == ("v3", "v4")
    with pytest.raises(NotFound, match="no two versions"):
        newest_other(replace(VIEW, versions=VIEW.versions[2:3]))


def test_an_evaluation_shows_scores_and_what_is_wrong() -> None:
    place = Shelf()
    code, text = run(place, "evaluate", "shop", "--version", "v2")
    assert code == 0
    assert place.request == EvaluateRequest(version="v2", files={"golden.yaml": "[]"})
    assert "0 of 1 questions right" in text
    assert "evidence at 7" in text
    assert "confidence  by the formula, error 0.040 on these questions" in text
    place.learnt = CalibrationReport(questions=120, before=0.14, after=0.05)
    text = run(place, "evaluate", "shop")[1]
    assert (
        "learnt from 120 questions, error 0.040 on these questions (the formula's 0.140, unseen questions' 0.050)"
        in text
    )


def test_questions_that_cannot_be_read_are_named() -> None:
    with pytest.raises(NotFound, match="cannot be read from /absent"):
        run(Shelf(), "evaluate", "shop", "--questions", "/absent")


def test_versions_of_another_kefu_are_left_out() -> None:
    mine = held("v1", "Kept").model_dump(mode="json", by_alias=True, exclude_none=True)
    assert [each.version for each in known_versions([{"number": 12}, mine])] == ["v1"]
    assert QuestionChanges.model_validate(LOST).lost == 1
