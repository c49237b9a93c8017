"""The messages that the model reads, the constant part first, so that an engine's prefix cache hits.

Order: persona and rules, worked examples (all constant within a release), then the history window, and last what is new
in every turn: evidence and question.
"""

from collections.abc import Sequence

from kefu_api.documents.release import Persona
from kefu_serving.prompt.examples import EXAMPLES
from kefu_serving.prompt.marker import MARKER
from kefu_serving.prompt.passages import Passage, cut
from kefu_serving.sessions.exchange import Exchange

HISTORY_WEIGHT = 120
"""Longest remembered question or answer that the model sees, in approximate tokens."""

Message = dict[str, str]


def rules(persona: Persona) -> str:
    """The system message: who the bot is, then what it must keep to."""
    return (
        f"You are {persona.name}, a customer service assistant. {persona.prompt}\n"
        "Answer the question from the numbered evidence only; never use other knowledge and never guess.\n"
        "- If a piece of evidence decides exactly what is asked, also when the answer is no, write its number in "
        "brackets, then the answer in one or two sentences with the exact figures (days, fees, limits, conditions).\n"
        f"- If no piece of evidence speaks about exactly what is asked, write only {MARKER}\n"
        "- Use the language of the question: 中文问题用中文回答, English questions in English."
    )


def final_message(passages: Sequence[tuple[int, str, str]], question: str, language: str) -> str:
    """Evidence and question, as the last message says them."""
    evidence = "\n".join(f"[{number}] {title}\n{text}" for number, title, text in passages)
    if language == "zh":
        return f"资料：\n{evidence}\n\n问题：{question}\n（用中文回答）"
    return f"Evidence:\n{evidence}\n\nQuestion: {question}\n(Answer in English)"


def constant_part(persona: Persona) -> tuple[Message, ...]:
    """All that never changes within a release."""
    messages = [{"role": "system", "content": rules(persona)}]
    for example in EXAMPLES:
        numbered = [(number, *passage) for number, passage in enumerate(example.evidence, start=1)]
        messages.append({"role": "user", "content": final_message(numbered, example.question, example.language)})
        messages.append({"role": "assistant", "content": example.answer})
    return tuple(messages)


def compose(
    constant: Sequence[Message],
    history: Sequence[Exchange],
    passages: Sequence[Passage],
    question: str,
    language: str,
) -> list[Message]:
    """The whole chat for one turn."""
    messages = list(constant)
    for exchange in history:
        messages.append({"role": "user", "content": cut(exchange.question, HISTORY_WEIGHT)})
        messages.append({"role": "assistant", "content": cut(exchange.answer, HISTORY_WEIGHT)})
    numbered = [(passage.number, passage.title, passage.text) for passage in passages]
    messages.append({"role": "user", "content": final_message(numbered, question, language)})
    return messages
