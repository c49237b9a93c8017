"""Is it a question at all? Refused here, before anything is remembered, looked up or paid for."""

import unicodedata

from kefu_api.codes import Code
from kefu_api.wire.chat import MAX_MESSAGE
from kefu_serving.errors import RequestError
from kefu_serving.turn.state import Turn

ALLOWED_CONTROLS = frozenset("\n\t\r")
"""`\\r` only as part of Windows line ends, which are folded to `\\n`."""


def question_of(message: str, field: str = "message") -> str:
    """The question, trimmed and in NFC.

    Raises RequestError: V1003 when nothing visible is left, V1004 when too long, V1005 on control characters.
    """
    if len(message) > MAX_MESSAGE:
        raise RequestError(
            Code.QUESTION_TOO_LONG,
            f"{field}: {len(message)} characters; shorten it to {MAX_MESSAGE}",
        )
    for position, character in enumerate(message):
        category = unicodedata.category(character)
        if category in ("Cc", "Cs") and character not in ALLOWED_CONTROLS:
            raise RequestError(
                Code.NOT_TEXT,
                f"{field}: control character U+{ord(character):04X} at position {position}; send plain text",
            )
    question = unicodedata.normalize("NFC", message.replace("\r\n", "\n")).strip()
    if not any(unicodedata.category(c)[0] in "LNPS" for c in question):
        raise RequestError(Code.QUESTION_EMPTY, f"{field}: holds no visible character; send a question")
    return question


class Validate:
    """Takes the question from what was asked."""

    async def run(self, turn: Turn) -> None:
        """Sets `question`; raises RequestError."""
        turn.question = question_of(turn.asked.message)
