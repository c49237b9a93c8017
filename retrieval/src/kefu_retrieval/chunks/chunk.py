"""A piece of evidence, and the probes it is found by."""

from dataclasses import dataclass
from datetime import date

from kefu_api import digest


@dataclass(frozen=True)
class Chunk:
    """What the language model reads, and what a query is compared with.

    An FAQ entry's probes are its question, each variant, and question with answer; a passage's are the whole under its
    headings and each sentence. Each probe is one row of the store; hits are counted once a chunk.
    """

    id: str
    document: str
    title: str
    headings: tuple[str, ...]
    text: str
    language: str
    tags: tuple[str, ...]
    probes: tuple[str, ...]
    page: int | None = None
    """Number of the document's page from 1, where it has pages."""
    valid_from: date | None = None
    """First day on which it holds; None: always has."""
    valid_until: date | None = None
    """Last day on which it holds; None: always will."""

    @property
    def content(self) -> str:
        """Digest of what it says and for whom, wherever it stands: 32 hex digits of SHA-256."""
        days = [str(day) for day in (self.valid_from, self.valid_until)]
        return digest.of_value([self.title, self.headings, self.text, self.language, self.tags, days])[:32]


def chunk_id(document: str, position: int, content: str) -> str:
    """Deterministic id: the first 32 hex digits of SHA-256 over document, position and content."""
    return digest.of_value([document, position, content])[:32]
