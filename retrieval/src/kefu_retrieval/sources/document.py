"""What a source yields, before it is cut: FAQ entries and pages, with what was left out and why."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class FaqEntry:
    """One fact and the ways to ask for it; never cut."""

    document: str
    """`<source>/<id>`."""
    question: str
    variants: tuple[str, ...]
    answer: str
    tags: tuple[str, ...]
    language: str


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    document: str
    """`<source>/<file name>`."""
    title: str
    body: str
    """Markdown without its front matter."""
    language: str


@dataclass(frozen=True)
class Omission:
    """A document file or entry that was left out, and why."""

    document: str
    reason: str


@dataclass
class Reading:
    """What was read so far."""

    entries: list[FaqEntry] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)

    @property
    def documents(self) -> int:
        """How many entries and pages there are to index."""
        return len(self.entries) + len(self.pages)

    def omit(self, document: str, reason: str) -> None:
        """Note that `document` is left out."""
        self.omissions.append(Omission(document, reason))

    def extend(self, other: "Reading") -> None:
        """Take over everything that `other` read."""
        self.entries += other.entries
        self.pages += other.pages
        self.omissions += other.omissions
