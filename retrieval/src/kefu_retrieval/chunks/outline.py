"""The outline of a Markdown page: its text by heading, and blocks that belong together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_DIVIDER = re.compile(r"^\s*\|?\s*:?-{1,}:?\s*(\|\s*:?-{1,}:?\s*)*\|?\s*$")


@dataclass
class Block:
    """Lines that belong together: a paragraph, a list, a code fence, or a table with its header."""

    lines: list[str]
    header: str = ""
    """A table's header and divider lines, repeated wherever the table is cut."""

    @property
    def text(self) -> str:
        """The block's own lines, without the header."""
        return "\n".join(self.lines)


@dataclass
class Section:
    """What stands under one heading, before the next."""

    headings: tuple[str, ...]
    """The path from the page's first heading to this one."""
    blocks: list[Block] = field(default_factory=list)


def parse(markdown: str) -> list[Section]:
    """Sections in order; every line of `markdown` that is not blank is in a heading path or a block."""
    sections = [Section(())]
    path: list[tuple[int, str]] = []
    paragraph: list[str] = []
    for line, fenced in _lines(markdown):
        heading = None if fenced else _HEADING.match(line)
        if heading is None and (line.strip() or fenced):
            paragraph.append(line)
            continue
        _close(sections[-1], paragraph)
        if heading is not None:
            level = len(heading.group(1))
            path = [(depth, title) for depth, title in path if depth < level]
            path.append((level, heading.group(2).strip()))
            sections.append(Section(tuple(title for _, title in path if title)))
    _close(sections[-1], paragraph)
    return sections


def _lines(markdown: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it belongs to a code fence (where # is no heading and blank lines count)."""
    fence = ""
    for line in markdown.split("\n"):
        match = _FENCE.match(line)
        if fence:
            yield line, True
            if match and match.group(1).startswith(fence) and not line.strip(" `~"):
                fence = ""
        else:
            fence = match.group(1) if match else ""
            yield line, bool(match)


def _close(section: Section, lines: list[str]) -> None:
    """Move `lines` into a block of `section`."""
    if not lines:
        return
    table = next((n for n in range(1, len(lines)) if "|" in lines[n - 1] and _DIVIDER.match(lines[n])), None)
    if table is None:
        section.blocks.append(Block(list(lines)))
    else:
        if table > 1:
            section.blocks.append(Block(lines[: table - 1]))
        section.blocks.append(Block(lines[table + 1 :], header="\n".join(lines[table - 1 : table + 1])))
    lines.clear()
