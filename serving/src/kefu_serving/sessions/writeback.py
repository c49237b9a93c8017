"""What people said becomes part of the conversation that the bot remembers."""

from collections.abc import Iterable

from kefu_api.wire.handoff import HandoffMessage, Speaker
from kefu_serving.sessions.exchange import Exchange

_UNANSWERED = {"zh": "（这条消息没有得到答复。）", "en": "(Nobody answered this message.)"}


def exchanges_of(messages: Iterable[HandoffMessage], language: str) -> tuple[Exchange, ...]:
    """Question and answer by turns, as a model is used to them: what one side said in a row is one text.

    The bot's own sentence at the hand-over is an answer only where no person gave one.
    """
    found: list[Exchange] = []
    asked: list[str] = []
    answered: list[str] = []
    bot = ""

    def close() -> None:
        if asked or answered:
            answer = "\n".join(answered) or bot or _UNANSWERED.get(language, _UNANSWERED["en"])
            found.append(Exchange("\n".join(asked), answer))

    for message in messages:
        if message.speaker is Speaker.BOT:
            bot = message.text
        elif message.speaker is Speaker.PERSON:
            answered.append(message.text)
        else:
            if answered:
                close()
                asked, answered, bot = [], [], ""
            asked.append(message.text)
    close()
    return tuple(found)
