"""Headers, footers and page numbers of a PDF: lines in the margins that most pages share."""

import re
from collections import Counter

from kefu_retrieval.sources.pdf.layout import Line

_NUMBER = re.compile(r"[\d一二三四五六七八九十]+")
_PAGES = 3
"""Pages from which a line can be called repeated."""
_SHARE = 0.6


def take_out(pages: list[list[Line]]) -> list[str]:
    """Remove repeated lines from the pages; one example of each."""
    if len(pages) < _PAGES:
        return []
    counts: Counter[str] = Counter()
    for lines in pages:
        counts.update({_pattern(line) for line in lines if line.edge and not line.table})
    repeated = {pattern for pattern, count in counts.items() if count >= max(_PAGES, _SHARE * len(pages))}
    examples: dict[str, str] = {}
    for lines in pages:
        for line in lines:
            if line.edge and not line.table and _pattern(line) in repeated:
                examples.setdefault(_pattern(line), line.text)
        lines[:] = [line for line in lines if not (line.edge and not line.table and _pattern(line) in repeated)]
    return list(examples.values())


def _pattern(line: Line) -> str:
    """The line without its numbers, which count pages."""
    return _NUMBER.sub("0", line.text)
