"""The report of an evaluation: a table by language, the goals, and every wrong answer; as text and as JSON."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from kefu_pipelines.evaluation.scoring import GOALS, Observation, Rate, Scores, score

_ROWS = (
    ("recall@5", "recall"),
    ("right facts", "right"),
    ("unanswerable refused", "refusals"),
    ("false refusals", "false_refusals"),
    ("unavailable", "unavailable"),
    ("first token p50", "first_token_p50"),
    ("first token p95", "first_token_p95"),
    ("total p50", "total_p50"),
    ("total p95", "total_p95"),
)
_WIDTH = 24
_COLUMN = 16


def by_language(observations: Sequence[Observation]) -> dict[str, Scores]:
    """Scores of all questions and of each language."""
    languages = sorted({seen.question.language for seen in observations}, reverse=True)
    groups = {language: [seen for seen in observations if seen.question.language == language] for language in languages}
    return {"all": score(observations)} | {language: score(group) for language, group in groups.items()}


def as_text(observations: Sequence[Observation]) -> str:
    """The report as people read it."""
    scores = by_language(observations)
    lines = [" " * _WIDTH + "".join(f"{name:>{_COLUMN}}" for name in scores)]
    for title, field in _ROWS:
        cells = (_cell(getattr(columns, field)) for columns in scores.values())
        lines.append(f"{title:<{_WIDTH}}" + "".join(f"{cell:>{_COLUMN}}" for cell in cells))
    lines += ["", *_goals(scores["all"])]
    wrong = [seen for seen in observations if not seen.right or seen.found is False]
    if wrong:
        lines += ["", f"{len(wrong)} to look at:", *(line for seen in wrong for line in _wrong(seen))]
    return "\n".join(lines)


def goals_met(observations: Sequence[Observation]) -> bool:
    """Whether every goal is reached."""
    scores = score(observations)
    return all(goal.met(scores) for goal in GOALS)


def as_json(observations: Sequence[Observation]) -> dict[str, Any]:
    """The report for machines."""
    scores = by_language(observations)
    return {
        "scores": {name: _plain(columns) for name, columns in scores.items()},
        "goals": [{"name": goal.name, "atLeast": goal.at_least, "met": goal.met(scores["all"])} for goal in GOALS],
        "questions": [
            {
                **seen.question.model_dump(mode="json"),
                "answer": seen.answer,
                "outcome": str(seen.outcome),
                "code": seen.code,
                "documents": seen.documents,
                "right": seen.right,
                "found": seen.found,
                "firstTokenSeconds": round(seen.first_token, 3),
                "totalSeconds": round(seen.total, 3),
            }
            for seen in observations
        ],
    }


def _goals(scores: Scores) -> list[str]:
    return [
        f"{'met   ' if goal.met(scores) else 'MISSED'}  {goal.name} ≥ {goal.at_least:.0%}: {goal.rate(scores)}"
        for goal in GOALS
    ]


def _wrong(seen: Observation) -> list[str]:
    question = seen.question
    problems = [] if seen.right else [_problem(seen)]
    if seen.found is False:
        problems.append(f"search found {', '.join(seen.documents or ()) or 'nothing'} instead of {question.sources[0]}")
    return [
        f"- {question.id} {question.question}",
        *(f"    {line}" for line in problems),
        f"    → {seen.answer.strip()}",
    ]


def _problem(seen: Observation) -> str:
    if not seen.question.answerable:
        return f"should have been refused, was {seen.outcome}"
    if seen.refused:
        return "refused, although the knowledge holds the answer"
    if seen.outcome != "answered":
        return f"{seen.outcome} ({seen.code})"
    return "lacks one of " + " and ".join("/".join(group) for group in seen.question.facts)


def _cell(value: Rate | float) -> str:
    if isinstance(value, float):
        return "–" if math.isnan(value) else f"{value:.2f} s"
    return str(value)


def _plain(scores: Scores) -> dict[str, Any]:
    values = {name: getattr(scores, name) for name in asdict(scores)}
    return {
        name: {"hits": value.hits, "of": value.of} if isinstance(value, Rate) else _finite(value)
        for name, value in values.items()
    }


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)
