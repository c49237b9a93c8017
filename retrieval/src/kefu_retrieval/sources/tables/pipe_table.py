"""Rows of cells as a Markdown pipe table, which is how tables reach the chunks."""

from collections.abc import Sequence


def render(rows: Sequence[Sequence[str]]) -> str:
    """The table, its first row as header; empty rows and columns are left out, and nothing comes of nothing.

    Cells lose their line breaks, and a `|` in them is escaped.
    """
    cells = [[_cell(cell) for cell in row] for row in rows]
    width = max((len(row) for row in cells), default=0)
    cells = [row + [""] * (width - len(row)) for row in cells if any(row)]
    used = [at for at in range(width) if any(row[at] for row in cells)]
    if not cells or not used:
        return ""
    kept = [[row[at] for at in used] for row in cells]
    if len(kept) == 1:
        return " | ".join(cell for cell in kept[0] if cell)
    lines = [_line(kept[0]), _line(["---"] * len(used)), *(_line(row) for row in kept[1:])]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
