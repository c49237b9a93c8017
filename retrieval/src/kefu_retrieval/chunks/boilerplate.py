"""Lines that most pages of a source repeat: navigation, footers, page numbers.

They say nothing about the page they stand on, and would make pages look alike. The first page that has such a line keeps it:
it may be the only place that says when customer service can be called.

Pages are counted by lossy counting (Manku and Motwani, "Approximate frequency counts over data streams", VLDB 2002), which
keeps few lines however many pages there are, and never counts a line too often.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from kefu_api.documents.index import Repeated

MOST = 0.5
"""Share of a source's pages on which a line must be."""
FEWEST_PAGES = 6
"""Pages of a source below which nothing counts as repeated."""
FEW = 0.1
"""Share of a source's pages that may change without being held against all the others."""
_BUCKET = 10
"""Pages between two clearings of rare lines."""
_STRUCTURE = re.compile(r"#{1,6}\s|\||```|~~~|[-=*_ ]{3,}$")
"""Headings, tables, fences and rules hold a page together; they are never taken out."""
_PAGE_NUMBER = re.compile(
    r"[\W_]*(?:(?:第|page|p\.)?\s*\d+\s*页?[\W_]*)(?:(?:共|of)?\s*\d+\s*页?[\W_]*)?", re.IGNORECASE
)


@dataclass
class _Count:
    """Lines of one source."""

    pages: int = 0
    skipped: int = 0
    """Pages beside them that were not seen."""
    lines: dict[str, list[int]] = field(default_factory=dict)
    """How often counted, and how often perhaps missed before."""
    said: set[str] = field(default_factory=set)
    """Repeated lines that a page has kept."""

    def see(self, lines: frozenset[str]) -> None:
        bucket = self.pages // _BUCKET
        self.pages += 1
        for line in lines:
            self.lines.setdefault(line, [0, bucket])[0] += 1
        if self.pages % _BUCKET == 0:
            self.lines = {line: one for line, one in self.lines.items() if sum(one) > bucket + 1}

    @cached_property
    def repeated(self) -> frozenset[str]:
        """Asked for when every page has been seen."""
        if self.pages < FEWEST_PAGES or self.skipped:
            return frozenset()
        return frozenset(line for line, (count, _) in self.lines.items() if count > MOST * self.pages)


class Boilerplate:
    """First `see` every page, then `strip` every page in the same order."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}

    def see(self, source: str, body: str) -> None:
        """Count the lines of one page."""
        self._counts.setdefault(source, _Count()).see(frozenset(key for key, _ in _lines(body) if key))

    def skip(self, source: str, pages: int) -> None:
        """Pages that are not seen, of a source in which no line is common."""
        self._counts.setdefault(source, _Count()).skipped += pages

    def is_quiet(self, source: str, before: int) -> bool:
        """Whether no line can be repeated by more than half of the pages, whatever is on those that were seen.

        `before`: pages that the source had when no line was common, of which some may be gone.
        """
        count = self._counts[source]
        total = count.pages + count.skipped
        return total < FEWEST_PAGES or (count.pages <= FEW * total and before <= 2 * total)

    def common(self, source: str) -> float:
        """On which share of the source's pages its commonest line is, at most; lines on less than a tenth do not count."""
        count = self._counts.get(source)
        if count is None or count.pages < FEWEST_PAGES:
            return 0.0
        return max((sum(one) for one in count.lines.values()), default=0) / count.pages

    def strip(self, source: str, body: str) -> str:
        """The page without what most pages of its source repeat, unless it is the first to say it."""
        count = self._counts[source]
        here = {key for key, _ in _lines(body)} & count.repeated
        if not here:
            return body
        gone = here & (count.said | {key for key in here if _PAGE_NUMBER.fullmatch(key)})
        count.said |= here
        return "\n".join(line for key, line in _lines(body) if key not in gone) if gone else body

    def found(self) -> list[Repeated]:
        """What is repeated, most often first."""
        found = [
            Repeated(source=source, line=line, pages=count.lines[line][0])
            for source, count in self._counts.items()
            for line in count.repeated
        ]
        return sorted(found, key=lambda one: (-one.pages, one.source, one.line))


def _lines(body: str) -> Iterator[tuple[str, str]]:
    """Every line, behind what it is counted as; empty for one that is never taken out."""
    fenced = False
    for line in body.split("\n"):
        bare = line.strip()
        fence = bare.startswith(("```", "~~~"))
        fenced = fenced != fence
        if fenced or fence or _STRUCTURE.match(bare):
            yield "", line
        elif _PAGE_NUMBER.fullmatch(bare):
            yield "1", line
        else:
            yield bare, line
