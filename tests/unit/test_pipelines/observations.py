"""Golden questions and observations for tests."""

from kefu_api.wire.chat import Outcome
from kefu_pipelines.evaluation.golden import Question
from kefu_pipelines.evaluation.scoring import Observation

ANSWERABLE = Question(
    id="q1",
    language="zh",
    question="几天内可以退货？",
    answerable=True,
    sources=("faq/return.zh", "policies/returns.zh.md"),
    facts=(("7 天", "七天", "7 days"),),
)
UNANSWERABLE = Question(id="q2", language="en", question="A shop in Munich?", answerable=False)


def observed(
    question: Question = ANSWERABLE,
    answer: str = "签收后 7 天内。[1]",
    outcome: Outcome = Outcome.ANSWERED,
    documents: tuple[str, ...] | None = ("faq/return.zh",),
    first_token: float = 0.2,
    total: float = 1.0,
) -> Observation:
    return Observation(question, answer, outcome, None, documents, first_token, total)
