"""A tree of things and how they are, as text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Mark(Enum):
    """How a thing is."""

    GOOD = "✔"
    WAITING = "…"
    BAD = "✘"


STYLES = {Mark.GOOD: "green", Mark.WAITING: "yellow", Mark.BAD: "red"}


@dataclass(frozen=True)
class Node:
    """A thing, how it is, what is to be said of it, and its parts."""

    mark: Mark
    title: str
    note: str = ""
    parts: tuple["Node", ...] = field(default=())

    @property
    def worst(self) -> Mark:
        """The worst mark in the tree: a leaf that failed makes the whole fail."""
        order = list(Mark)
        return max((self.mark, *(part.worst for part in self.parts)), key=order.index)


def lines(nodes: Sequence[Node]) -> Iterator[tuple[Mark, str]]:
    """Each line of the trees with the mark to colour it by."""
    for node in nodes:
        yield node.mark, _text(node)
        yield from _parts(node.parts, "")


def _parts(parts: Sequence[Node], indent: str) -> Iterator[tuple[Mark, str]]:
    for position, part in enumerate(parts):
        last = position == len(parts) - 1
        yield part.mark, f"{indent}{'└── ' if last else '├── '}{_text(part)}"
        yield from _parts(part.parts, indent + ("    " if last else "│   "))


def _text(node: Node) -> str:
    return f"{node.mark.value} {node.title}" + (f"  {node.note}" if node.note else "")
