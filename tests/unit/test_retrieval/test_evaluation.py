"""Golden questions: how they are read, what they score, which gates hold."""

import math

import pytest

from kefu_api.documents.index import Evaluation, Gate, Scores
from kefu_api.wire.search import Hit, SearchResponse
from kefu_retrieval.errors import QuestionsInvalid
from kefu_retrieval.evaluation import gates, judge
from kefu_retrieval.evaluation.questions import MAX_QUESTIONS, Question, parse
from kefu_retrieval.evaluation.scores import Finding, lost_and_gained, scores

GOLDEN = """
- id: q1
  language: zh
  question: 能退货吗
  sources: [faq/a, faq/b]
  facts: [[七天]]
- {question: how long, answer: Within Seven Days}
- {id: q3, question: 你们卖比特币吗, answerable: false}
"""


def test_questions_are_read_as_a_person_writes_them() -> None:
    first, second, third = parse({"golden.yaml": GOLDEN})
    assert (first.id, first.sources, first.answerable) == ("q1", ("faq/a", "faq/b"), True)
    assert (second.id, second.answer) == ("how long", "Within Seven Days")
    assert not third.answerable


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: b", "must be a YAML list"),
        ("- [", "no YAML"),
        ("- text", "entry 1: must be an object"),
        ("- {sources: [faq/a]}", "entry 1: "),
        ("- {question: q}", "say where the answer is"),
        ("- {question: q, sources: faq/a}", "entry 1: sources"),
        ("- {id: a, question: q, answer: x}\n- {id: a, question: r, answer: x}", "two golden questions have the id a"),
        ("[]", "there is no golden question"),
        ("- &a {question: q, answer: x}\n- *a", "aliases are not allowed"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, says: str) -> None:
    with pytest.raises(QuestionsInvalid, match=says):
        parse({"golden.yaml": text})


def test_too_many_questions_are_refused() -> None:
    with pytest.raises(QuestionsInvalid, match="more than"):
        parse({"g": "".join(f"- {{question: q{n}, answer: x}}\n" for n in range(MAX_QUESTIONS + 1))})


def hit(document: str, text: str = "") -> Hit:
    return Hit(chunk=document, document=document, title="", text=text, language="en", score=1, confidence=0.5)


def response(*hits: Hit, answerable: bool = True) -> SearchResponse:
    return SearchResponse(index="shop", version="v1", confidence=0.5, answerable=answerable, hits=hits)


def test_a_document_counts_at_its_first_passage() -> None:
    question = Question(id="q", question="?", sources=("faq/a", "faq/b"))
    found = judge.finding(question, response(hit("faq/x"), hit("faq/a"), hit("faq/a"), hit("faq/b")))
    assert (found.ranks, found.wanted) == ((2, 4), 2)


def test_an_answer_is_found_in_words_without_blanks_and_case() -> None:
    question = Question(id="q", question="?", answer="within  SEVEN days")
    assert judge.finding(question, response(hit("p", "Returns: Within seven days."))).ranks == (1,)
    assert judge.finding(question, response(hit("p", "Within eight days."))).ranks == ()


def known(name: str, *ranks: int, answered: bool = True, wanted: int = 1) -> Finding:
    return Finding(name, True, answered, ranks, wanted)


def test_scores_are_those_of_the_formulas() -> None:
    told = scores(
        [
            known("a", 1),
            known("b", 2, 5, wanted=2),
            known("c", 7, answered=False),
            known("d"),
            Finding("e", False, False),
            Finding("f", False, True),
        ]
    )
    ndcg_b = (1 / math.log2(3) + 1 / math.log2(6)) / (1 + 1 / math.log2(3))
    assert told == Scores(
        questions=6,
        recall_at1=0.25,
        recall_at5=0.5,
        recall_at10=0.75,
        mrr=round((1 + 1 / 2 + 1 / 7) / 4, 4),
        ndcg_at5=round((1 + ndcg_b) / 4, 4),
        answered=0.75,
        refused=0.5,
    )


def test_what_no_question_tells_has_no_score_and_holds_no_gate() -> None:
    told = scores([known("a", 1)])
    assert told.refused is None
    [failed] = gates.failed([Gate(metric="refused", at_least=0.0), Gate(metric="mrr", at_least=1.0)], told)
    assert (failed.metric, failed.value) == ("refused", None)


def test_a_gate_holds_at_its_threshold_and_not_below() -> None:
    told = scores([known("a", 1), known("b")])
    assert gates.failed([Gate(metric="recallAt5", at_least=0.5)], told) == ()
    [failed] = gates.failed([Gate(metric="recallAt5", at_least=0.51)], told)
    assert failed.value == 0.5


def test_lost_and_gained_compare_questions_that_both_were_asked() -> None:
    before = [known("a", 1), known("b"), Finding("c", False, False), known("gone", 1)]
    after = [known("a", 6), known("b", 5), Finding("c", False, True), known("new")]
    assert lost_and_gained(before, after) == (["a", "c"], ["b"])


def test_a_judgement_names_a_few_questions_and_counts_all() -> None:
    evaluation = Evaluation(path="/g", digest="d", judged_by="j")
    before = [known(f"问题{n}" * 30, 1) for n in range(20)]
    told = judge.judgement(evaluation, [Finding(f.id, True, True) for f in before], before, "v0")
    assert (told.lost_total, len(told.lost), told.against) == (20, judge.SHOWN, "v0")
    assert max(len(each.encode()) for each in told.lost) <= judge.SHOWN_BYTES
    assert judge.judgement(evaluation, before, None, "v0").against is None
