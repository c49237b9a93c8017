"""A hand-off in a few lines, in the customer's language: what a person must know before the first word. No model is asked."""

from kefu_api.wire.chat import HandoffReason
from kefu_serving.turn.state import Turn

MAX_SUMMARY = 600
"""Characters."""
_LONGEST = 120
"""Of one question, answer or title in it."""
_EARLIER = 3

_WORDS = {
    "zh": {
        HandoffReason.REQUESTED: "顾客要求人工服务。",
        HandoffReason.UNSURE: "机器人没有把握回答。",
        "question": "顾客说：{}",
        "earlier": "此前问过：{}",
        "answer": "机器人上一次的回答：{}",
        "evidence": "最接近的资料：《{}》（把握 {:.2f}）",
        "between": "；",
    },
    "en": {
        HandoffReason.REQUESTED: "The customer asks for a person.",
        HandoffReason.UNSURE: "The bot is not sure of the answer.",
        "question": "The customer says: {}",
        "earlier": "Asked before: {}",
        "answer": "The bot's last answer: {}",
        "evidence": "Closest in the knowledge: {} (confidence {:.2f})",
        "between": " | ",
    },
}


def summary_of(turn: Turn, reason: HandoffReason) -> str:
    """Why, what is asked, what was asked before, what the bot said last, and what comes closest in the knowledge."""
    words = _WORDS.get(turn.language, _WORDS["en"])
    lines = [words[reason], words["question"].format(_cut(turn.question))]
    if earlier := [_cut(exchange.question) for exchange in turn.history[-_EARLIER:] if exchange.question]:
        lines.append(words["earlier"].format(words["between"].join(earlier)))
    if turn.history:
        lines.append(words["answer"].format(_cut(turn.history[-1].answer)))
    if turn.evidence and turn.evidence.hits:
        lines.append(words["evidence"].format(_cut(turn.evidence.hits[0].title), turn.evidence.confidence))
    return "\n".join(lines)[:MAX_SUMMARY]


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
