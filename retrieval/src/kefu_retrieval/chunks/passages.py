"""Cutting a page into passages of bounded length: at headings first, then between blocks, sentences and table rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from kefu_api.documents.index import Chunking
from kefu_retrieval.chunks import outline, sentences, tokens

_BETWEEN_BLOCKS = "\n\n"


@dataclass(frozen=True)
class Passage:
    """A piece of a page and the headings above it."""

    headings: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class _Unit:
    """The smallest piece that is not cut: a sentence or a table row, with what joins it to the piece before."""

    text: str
    joint: str
    header: str = ""


def cut(markdown: str, chunking: Chunking) -> list[Passage]:
    """Passages of at most `chunking.tokens` estimated tokens; neighbours under one heading share up to `overlap` tokens.

    Nothing is lost: every visible character of the page is in a passage's text or headings. A heading with neither text nor
    sub-headings becomes a passage of its own.
    """
    sections = outline.parse(markdown)
    passages: list[Passage] = []
    for number, section in enumerate(sections):
        units = list(_units(section, chunking.tokens))
        if units:
            passages += [Passage(section.headings, text) for text in _pack(units, chunking)]
        elif section.headings and not _continues(sections, number):
            parts = sentences.split(section.headings[-1], chunking.tokens)
            passages += [Passage(section.headings, part) for part in parts]
    return passages


def _continues(sections: list[outline.Section], number: int) -> bool:
    """Whether the next section stands below this one, so that its path holds all of this one's."""
    path = sections[number].headings
    following = sections[number + 1].headings if number + 1 < len(sections) else ()
    return len(following) > len(path) and following[: len(path)] == path


def _units(section: outline.Section, limit: int) -> Iterator[_Unit]:
    for block in section.blocks:
        joint = _BETWEEN_BLOCKS
        if block.header:
            rows = block.lines or [""]
            for row in rows:
                for part in sentences.split(row, max(limit / 2, 1)) or [""]:
                    yield _Unit(part, joint, block.header)
                    joint = "\n"
            continue
        for sentence in sentences.split(block.text, limit):
            yield _Unit(sentence, joint)
            joint = ""


def _pack(units: list[_Unit], chunking: Chunking) -> Iterator[str]:
    """Fill passages with units; each but the first begins with the last units of the one before, up to the overlap."""
    held: list[_Unit] = []
    used = 0.0
    fresh = False
    for unit in units:
        if fresh and used + _cost(unit, held) > chunking.tokens:
            yield _join(held)
            held = _tail(held, unit, chunking)
            used = _total(held)
            fresh = False
        used += _cost(unit, held)
        held.append(unit)
        fresh = True
    yield _join(held)


def _tail(held: list[_Unit], following: _Unit, chunking: Chunking) -> list[_Unit]:
    """The last units that fit into the overlap and leave room for the following one."""
    tail: list[_Unit] = []
    overlap = 0.0
    for unit in reversed(held):
        overlap += tokens.estimate(unit.text)
        longer = [unit, *tail]
        if overlap > chunking.overlap or _total([*longer, following]) > chunking.tokens:
            break
        tail = longer
    return tail


def _total(units: list[_Unit]) -> float:
    return sum(_cost(unit, units[:number]) for number, unit in enumerate(units))


def _cost(unit: _Unit, before: list[_Unit]) -> float:
    """Tokens that `unit` adds behind `before`: its own, and its table's header where that begins."""
    header = unit.header if _begins_table(unit, before[-1] if before else None) else ""
    return tokens.estimate(unit.text) + tokens.estimate(header)


def _begins_table(unit: _Unit, before: _Unit | None) -> bool:
    """Whether the table's header belongs before this row: it is the table's first, or the first of it in this passage."""
    return bool(unit.header) and (before is None or before.header != unit.header or unit.joint == _BETWEEN_BLOCKS)


def _join(units: list[_Unit]) -> str:
    """The units' text, with each table's header before its first row here."""
    text = ""
    before: _Unit | None = None
    for unit in units:
        if text:
            text += unit.joint
        if _begins_table(unit, before):
            text += f"{unit.header}\n"
        text += unit.text
        before = unit
    return text.strip("\n")
