"""Reporting hidden text: it is left out of the index, and whoever wrote the document learns what was found and why."""

from collections.abc import Sequence

from kefu_retrieval.sources.document import Reading

_QUOTED = 80


def report(reading: Reading, place: str, pieces: Sequence[tuple[str, str]]) -> None:
    """Omit the pieces, each a reason and a text, as one part of the document.

    Pieces without a letter or digit, such as the arrow of a button, are nobody's concern.
    """
    telling = [(reason, text) for reason, text in pieces if any(character.isalnum() for character in text)]
    if not telling:
        return
    reasons = ", ".join(dict.fromkeys(reason for reason, _ in telling))
    more = f" and {len(telling) - 1} more" if len(telling) > 1 else ""
    reading.omit(
        f"{place}#hidden",
        f"hidden text ({reasons}): {quoted(max((text for _, text in telling), key=len))}{more};"
        " show it if customers may read it, or remove it",
    )


def quoted(text: str) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(text.split())
    return f"“{line[:_QUOTED]}{'…' if len(line) > _QUOTED else ''}”"
