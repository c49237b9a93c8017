"""Characters that nobody sees: they split words, so that a search does not find them, or carry messages for machines."""

import re

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f\U000e0100-\U000e01ef]+"
)
_TAGS = re.compile("[\U000e0020-\U000e007e]+")
_EMOJI_PARTS = "\u200d\ufe0e\ufe0f"
"""They join and colour emoji; harmless behind a symbol."""
_HARMLESS = "\u00ad\ufeff"
"""Hyphenation hints, and byte order marks left inside files that were joined."""
SUSPICIOUS = 3
"""How many others make a report; a single one comes from an editor."""


def take_out(text: str) -> tuple[str, int, str]:
    """The text without invisible characters, how many suspicious ones there were, and what they spelt.

    Tag characters (U+E0020 to U+E007E) spell ASCII that models read and people do not.
    """
    if not _INVISIBLE.search(text):
        return text, 0, ""
    spelt = "".join(chr(ord(character) - 0xE0000) for run in _TAGS.findall(text) for character in run)
    count = sum(
        1 for run in _INVISIBLE.finditer(text) for character in run[0] if not _is_harmless(text, run, character)
    )
    return _INVISIBLE.sub(lambda run: _kept(text, run), text), count, spelt


def _kept(text: str, run: re.Match[str]) -> str:
    return "".join(character for character in run[0] if character in _EMOJI_PARTS and _behind_symbol(text, run))


def _is_harmless(text: str, run: re.Match[str], character: str) -> bool:
    return character in _HARMLESS or (character in _EMOJI_PARTS and _behind_symbol(text, run))


def _behind_symbol(text: str, run: re.Match[str]) -> bool:
    before = text[run.start() - 1] if run.start() else ""
    return "\u2190" <= before <= "\u2bff" or before >= "\U0001f000" or before in "#*0123456789©®"
