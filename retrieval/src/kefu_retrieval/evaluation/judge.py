"""The judge: asks golden questions of one version and says what it found."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from kefu_api.documents.index import CalibrationReport, Evaluation, Judgement
from kefu_api.wire.search import Hit, SearchResponse
from kefu_retrieval.evaluation import gates
from kefu_retrieval.evaluation.calibrate import Point, calibration
from kefu_retrieval.evaluation.questions import Question
from kefu_retrieval.evaluation.scores import DEPTH, Finding, lost_and_gained, scores
from kefu_retrieval.search.calibration import Calibration

SHOWN = 8
"""Questions lost or gained that a report names."""
SHOWN_BYTES = 48
"""Of each one's id: the report of a job has 4 KiB in all."""

Ask = Callable[[str, int], Awaitable[SearchResponse]]
"""A question and how many passages it may bring; all from one version."""
Step = Callable[[int, int], None]
"""Told how many questions are asked, of how many."""


async def ask_all(questions: Sequence[Question], ask: Ask, step: Step = lambda done, total: None) -> list[Finding]:
    """Ask every question, one after the other.

    Raises:
        RetrievalError: a search failed; a judgement of half the questions would be none.
    """
    findings = []
    for done, question in enumerate(questions, start=1):
        findings.append(finding(question, await ask(question.question, DEPTH)))
        step(done, len(questions))
    return findings


def finding(question: Question, response: SearchResponse) -> Finding:
    """What a response is worth to a question."""
    seen: set[str] = set()
    ranks: list[int] = []
    for rank, hit in enumerate(response.hits[:DEPTH], start=1):
        if hit.document not in seen and is_right(question, hit):
            ranks.append(rank)
        seen.add(hit.document)
    wanted = len(question.sources) or 1
    return Finding(question.id, question.answerable, response.answerable, tuple(ranks), wanted, response.confidence)


def is_right(question: Question, hit: Hit) -> bool:
    """Whether a passage carries the answer: by its document, or by its words, compared without blanks and case."""
    if question.sources:
        return hit.document in question.sources
    return question.answer is not None and _plain(question.answer) in _plain(hit.text)


def judgement(
    evaluation: Evaluation,
    findings: Sequence[Finding],
    before: Sequence[Finding] | None,
    against: str | None,
    learnt: Calibration | None = None,
) -> Judgement:
    """The report: scores, gates, and what was lost and gained against another version."""
    told = scores(findings)
    lost, gained = lost_and_gained(before or (), findings)
    return Judgement(
        judged_by=evaluation.judged_by,
        scores=told,
        calibration=report(learnt),
        failed=gates.failed(evaluation.gates, told),
        against=against if before is not None else None,
        lost=_shown(lost),
        lost_total=len(lost),
        gained=_shown(gained),
        gained_total=len(gained),
    )


def learn(evaluation: Evaluation, findings: Sequence[Finding]) -> Calibration | None:
    """What the confidence means by these findings, whose confidences are the formula's; None where they do not tell."""
    return None if evaluation.calibration == "Off" else calibration(points(findings), evaluation.judged_by)


def as_learnt(findings: Sequence[Finding], learnt: Calibration, least: float) -> list[Finding]:
    """The same findings as customers get them: answered from a probability of `least` on."""

    def one(finding: Finding) -> Finding:
        probability = learnt(finding.confidence) if finding.confidence else 0.0  # nothing was found
        return replace(finding, confidence=probability, answered=bool(finding.confidence) and probability >= least)

    return [one(finding) for finding in findings]


def points(findings: Iterable[Finding]) -> list[Point]:
    """What each says of the confidence."""
    return [Point(finding.confidence, finding.evident) for finding in findings]


def report(learnt: Calibration | None) -> CalibrationReport | None:
    """A calibration as reports tell it."""
    if learnt is None:
        return None
    return CalibrationReport(questions=learnt.questions, before=learnt.before, after=learnt.after)


def _shown(ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(each.encode()[:SHOWN_BYTES].decode(errors="ignore") for each in ids[:SHOWN])


def _plain(text: str) -> str:
    return "".join(text.lower().split())
