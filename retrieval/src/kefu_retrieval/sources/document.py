"""What a source yields, before it is cut: FAQ entries and pages, with what was left out and why."""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Self


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
    valid_from: date | None = None
    """First day on which it holds; None: always has."""
    valid_until: date | None = None
    """Last day on which it holds; None: always will."""


@dataclass(frozen=True)
class Page:
    """A file, or one page of a file that has pages, as Markdown."""

    document: str
    """`<source>/<file name>`; the pages of one file share it."""
    title: str
    body: str
    """Markdown without front matter; tables are pipe tables."""
    language: str
    page: int | None = None
    """Number of the page from 1, where the file has pages."""
    tags: tuple[str, ...] = ()
    valid_from: date | None = None
    """First day on which it holds; None: always has."""
    valid_until: date | None = None
    """Last day on which it holds; None: always will."""


@dataclass(frozen=True)
class Omission:
    """A document file, an entry, or a part of one that was left out, and why."""

    document: str
    """`<source>/<file name>` or `<source>/<entry>`, with `#<where>` behind it for a part."""
    reason: str


class Origin(NamedTuple):
    """A file of a source, as it was when it was read."""

    source: str
    name: str
    digest: str
    """SHA-256 of its bytes, in hex."""


@dataclass
class Reading:
    """What was read so far."""

    entries: list[FaqEntry] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)
    origin: Origin | None = None
    """The file that all of it comes from; None: several, or none."""
    skipped: bool = False
    """Whether the file was left alone, because it is known what it holds."""

    @property
    def documents(self) -> int:
        """How many entries and files there are to index."""
        return len(self.entries) + len({page.document for page in self.pages})

    @classmethod
    def omitting(cls, document: str, reason: str) -> Self:
        """Nothing but one omission."""
        return cls(omissions=[Omission(document, reason)])

    def omit(self, document: str, reason: str) -> None:
        """Note that `document` is left out."""
        self.omissions.append(Omission(document, reason))

    def extend(self, other: "Reading") -> None:
        """Take over everything that `other` read."""
        self.entries += other.entries
        self.pages += other.pages
        self.omissions += other.omissions
