"""What Prometheus says of a release: all questions at once, each answered by one sample or none."""

import asyncio
from collections.abc import Sequence

from kefu_operator.errors import PrometheusAway, QueryRefused
from kefu_operator.prometheus import Prometheus
from kefu_operator.rollout.judge import Figure
from kefu_operator.rollout.queries import Question


async def gather_figures(prometheus: Prometheus, questions: Sequence[Question]) -> dict[str, Figure]:
    """The figures by metric; what one question gets for an answer keeps nobody from judging by the others."""
    figures = await asyncio.gather(*(_figure(prometheus, question) for question in questions))
    return {question.metric: figure for question, figure in zip(questions, figures, strict=True)}


async def _figure(prometheus: Prometheus, question: Question) -> Figure:
    try:
        value, samples = await asyncio.gather(_one(prometheus, question.value), _one(prometheus, question.samples))
    except (PrometheusAway, QueryRefused) as error:
        return Figure(None, None, str(error))
    return Figure(value, samples)


async def _one(prometheus: Prometheus, expression: str) -> float | None:
    found = await prometheus.query(expression)
    return found[0].value if found else None
