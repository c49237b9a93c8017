"""A document: one object of a YAML file, and where each of its fields stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Document(Mapping[str, Any]):
    """A mapping that knows its file and the lines of its fields."""

    body: Mapping[str, Any]
    file: str = ""
    lines: Mapping[Path, int] = field(default_factory=dict, repr=False)
    """First line of the value at each path, counted from 1; `()` is the document."""

    def __getitem__(self, key: str) -> Any:
        """Value of a top-level field."""
        return self.body[key]

    def __iter__(self) -> Iterator[str]:
        """Names of the top-level fields."""
        return iter(self.body)

    def __len__(self) -> int:
        """Number of top-level fields."""
        return len(self.body)

    def line(self, path: Path) -> int:
        """Line of the value at a path, or of the nearest value around it; 0 where no lines are known."""
        known = (path[:length] for length in range(len(path), -1, -1))
        return next((self.lines[start] for start in known if start in self.lines), 0)

    def part(self, path: Path) -> "Document":
        """The mapping at a path as a document of its own."""
        body: Any = self.body
        for step in path:
            body = body[step]
        lines = {there[len(path) :]: line for there, line in self.lines.items() if there[: len(path)] == path}
        return Document(body, self.file, lines)
