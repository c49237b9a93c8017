"""From judged candidates to the response, with reasons where they are asked for."""

from collections.abc import Mapping, Sequence

from kefu_api.wire.search import CalibrationNote, Explanation, GraphReport, Hit, LegReport, Reasons, RerankerReport
from kefu_retrieval.search.calibration import Calibration
from kefu_retrieval.search.confidence import BIAS, contributions
from kefu_retrieval.search.fusion import Leg
from kefu_retrieval.search.question import Question
from kefu_retrieval.search.ranking import Judged


def hit(judged: Judged, explain: bool, path: tuple[str, ...] = ()) -> Hit:
    """One hit as callers see it; `path` leads to it through the knowledge graph."""
    payload = judged.payload
    return Hit(
        chunk=payload.chunk,
        document=payload.document,
        title=payload.title,
        headings=payload.headings,
        text=payload.text,
        language=payload.language,
        tags=payload.tags,
        score=round(judged.chunk.score, 6),
        confidence=judged.confidence,
        reasons=_reasons(judged, path) if explain else None,
    )


def explanation(
    asked: str,
    question: Question,
    parts: Sequence[Question],
    legs: Sequence[Sequence[Leg]],
    left_out: Mapping[str, int],
    note: CalibrationNote | None = None,
    reranker: RerankerReport | None = None,
    graph: GraphReport | None = None,
) -> Explanation:
    """What was looked for, and what came of it before hits were chosen; `legs` are those of each of the parts."""
    weights = {leg.name: leg.weight for each in legs for leg in each}
    rows = {name: sum(len(leg.found) for each in legs for leg in each if leg.name == name) for name in weights}
    return Explanation(
        asked=asked,
        searched=question.text,
        language=question.language,
        concepts=tuple(sorted(question.concepts)),
        expected=tuple(sorted(question.expected)),
        parts=tuple(part.text for part in parts) if len(parts) > 1 else (),
        legs=tuple(LegReport(name=name, weight=weights[name], rows=rows[name]) for name in weights),
        left_out={name: count for name, count in left_out.items() if count},
        calibrated=note,
        reranker=reranker,
        graph=graph,
    )


def calibrated(calibration: Calibration | None, formula: float) -> CalibrationNote | None:
    """What the confidence was made of; None where it is the formula's."""
    return CalibrationNote(formula=formula, questions=calibration.questions) if calibration else None


def _reasons(judged: Judged, path: tuple[str, ...]) -> Reasons:
    return Reasons(
        legs={name: round(rows[0].score, 4) for name, rows in judged.chunk.legs.items()},
        nearest={name: rows[0].payload.probe for name, rows in judged.chunk.legs.items()},
        evidence={name: round(value, 3) for name, value in contributions(judged.seen).items() if value},
        bias=BIAS,
        path=path,
        boosts={name: round(factor, 4) for name, factor in judged.boosts.items()},
        reranker=judged.relevance,
        standing={name: round(value, 4) for name, value in judged.standing.items()},
    )
