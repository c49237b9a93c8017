"""Where a paragraph may be cut: after sentences in Chinese and English, and inside none unless it is too long."""

import re

from kefu_retrieval.chunks import tokens

_END = re.compile(
    r"""
      [。！？；…]+[”’"'」』）)]*      # Chinese sentence ends, with what closes them
    | (?<![A-Z])[.!?]+["')\]]*(?=\s)  # English ones: not after a single capital (initials), and before white space
    | \n                              # a line end in a list or an address
    """,
    re.VERBOSE,
)


def split(text: str, limit: float) -> list[str]:
    """Pieces of `text` whose concatenation is `text`, each at most `limit` tokens, cut after sentences where that is enough."""
    pieces: list[str] = []
    start = 0
    for match in _END.finditer(text):
        end = match.end()
        while end < len(text) and text[end] in " \t":
            end += 1
        pieces.append(text[start:end])
        start = end
    if start < len(text):
        pieces.append(text[start:])
    return [part for piece in pieces for part in _shorten(piece, limit)]


def _shorten(piece: str, limit: float) -> list[str]:
    parts: list[str] = []
    while tokens.MOST * len(piece) > limit and tokens.estimate(piece) > limit:
        cut = tokens.head(piece, limit)
        parts.append(piece[:cut])
        piece = piece[cut:]
    if piece:
        parts.append(piece)
    return parts
