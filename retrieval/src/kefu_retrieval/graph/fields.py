"""Fields in a passage: `key: value` lines, and the rows of pipe tables under their headers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kefu_retrieval.graph import values

LONGEST_KEY = 40
"""Characters of the longest key; what is longer is a sentence with a colon."""

_LINE = re.compile(r"^\s*(?:[-*•]\s+)?(?:\*\*|__)?([^:：|\n]{1,40}?)(?:\*\*|__)?\s*[:：]\s*(?:\*\*|__)?\s*(\S.*?)\s*$")
_RULE = re.compile(r"^\s*\|?\s*:?-{3,}:?\s*(?:\|\s*:?-{3,}:?\s*)*\|?\s*$")
_CELL = re.compile(r"(?<!\\)\|")
_UNIT = re.compile(r"[(（\[【]\s*([^)）\]】]{1,12})\s*[)）\]】]")


@dataclass(frozen=True)
class Table:
    """A pipe table."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def lines(text: str) -> list[tuple[str, str]]:
    """`key: value` lines outside of tables, in order; a key that ends in a digit is a time of day."""
    found = (_LINE.match(line) for line in text.split("\n") if not line.lstrip().startswith("|"))
    return [(m[1].strip(), m[2]) for m in found if m and not m[1].strip()[-1:].isdigit() and "//" not in m[2][:3]]


def tables(text: str) -> Iterator[Table]:
    """Its pipe tables; a row's missing cells are empty."""
    header: tuple[str, ...] | None = None
    rows: list[tuple[str, ...]] = []
    before: str | None = None
    for line in [*text.split("\n"), ""]:
        if _RULE.match(line) and before and "|" in before:
            header, rows = _cells(before), []
        elif header and "|" in line:
            cells = _cells(line)
            rows.append((*cells, *[""] * len(header))[: len(header)])
        elif header:
            yield Table(header, tuple(rows))
            header = None
        before = line


def prose(text: str) -> str:
    """What is neither a table's line nor short: where sentences are looked for."""
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("|"))


def read(column: str, cell: str) -> values.Value:
    """A cell's value; a bare number has the unit that its column's name gives in brackets: `重量(g)`."""
    found = values.value(cell)
    unit = _UNIT.search(column)
    if found.low is None or found.unit or unit is None:
        return found
    return values.value(f"{cell.strip()} {unit[1]}") if values.value(f"1 {unit[1]}").unit else found


def _cells(line: str) -> tuple[str, ...]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return tuple(cell.strip().strip("*_").replace("\\|", "|") for cell in _CELL.split(inner))
