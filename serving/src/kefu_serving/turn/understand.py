"""Which language to answer in."""

import re

from kefu_serving.turn.state import Turn

HAN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003ffff]")
WORD = re.compile(r"[A-Za-zÀ-ɏ]+")
WORDS_PER_HAN = 1.5
"""A Chinese word has about 1.5 characters; product names in Latin letters must not make a Chinese question English."""


def language_of(text: str) -> str | None:
    """`zh` or `en` by script, None when the text has neither Han characters nor Latin words."""
    han = len(HAN.findall(text))
    words = len(WORD.findall(text))
    if not han and not words:
        return None
    return "zh" if han * WORDS_PER_HAN >= words else "en"


class Understand:
    """Settles the language: the question's, else the conversation's, else the persona's first."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        self._languages = languages or ("en",)

    async def run(self, turn: Turn) -> None:
        """Sets `language` to one that the persona speaks."""
        said = (turn.question, *(e.question for e in reversed(turn.history)))
        found = next((language for text in said if (language := language_of(text))), None)
        turn.language = found if found in self._languages else self._languages[0]
