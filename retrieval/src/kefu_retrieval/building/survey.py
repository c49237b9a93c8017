"""The first passes over the documents: read and cut them, set aside what is said twice, and count what will be stored.

Nothing is embedded yet, so that a version that must not be built stops here, having cost next to nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from kefu_api import digest
from kefu_api.documents.index import Alike, Chunking, Repeated
from kefu_retrieval.building.spool import Spool
from kefu_retrieval.chunks.boilerplate import Boilerplate
from kefu_retrieval.chunks.build import cut
from kefu_retrieval.chunks.chunk import Chunk
from kefu_retrieval.chunks.likeness import Likeness, Pair
from kefu_retrieval.sources.document import FaqEntry, Omission, Page, Reading

ALIKE_TOLD = 1_000
"""Pairs of chunks after which the search for more of them ends."""
SHARED_TOLD = 50
"""Documents beside its own that a chunk names."""

_DOCUMENTS: TypeAdapter[FaqEntry | Page] = TypeAdapter(FaqEntry | Page)
_CHUNKS = TypeAdapter(Chunk)


@dataclass
class Survey:
    """What is to be stored, and what was noticed on the way."""

    chunks: Spool[Chunk]
    also: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Documents beside its own that say what a chunk says, by chunk id."""
    documents: set[str] = field(default_factory=set)
    """Names of the documents that have a chunk, or share another's."""
    rows: int = 0
    duplicates: int = 0
    """Chunks that were left to another that says the same."""
    omissions: list[Omission] = field(default_factory=list)
    repeated: tuple[Repeated, ...] = ()
    alike: tuple[Alike, ...] = ()

    def close(self) -> None:
        """Give the space back."""
        self.chunks.close()


def survey(readings: Iterable[Reading], chunking: Chunking) -> Survey:
    """Read, cut and count; `readings` is consumed one at a time.

    Raises:
        RetrievalError: whatever reading raises.
    """
    made = Survey(Spool(_CHUNKS))
    try:
        _read_all(made, readings, chunking)
    except BaseException:
        made.close()
        raise
    return made


def _read_all(made: Survey, readings: Iterable[Reading], chunking: Chunking) -> None:
    boilerplate = Boilerplate()
    documents = Spool(_DOCUMENTS)
    try:
        for reading in readings:
            made.omissions += reading.omissions
            for entry in reading.entries:
                documents.append(entry)
            for page in reading.pages:
                documents.append(page)
                boilerplate.see(_source(page), page.body)
        _cut_all(made, _stripped(documents, boilerplate), chunking)
    finally:
        documents.close()
    made.repeated = tuple(boilerplate.found())


def _source(document: FaqEntry | Page) -> str:
    return document.document.split("/", 1)[0]


def _stripped(documents: Iterable[FaqEntry | Page], boilerplate: Boilerplate) -> Iterator[FaqEntry | Page]:
    for document in documents:
        if isinstance(document, Page):
            body = boilerplate.strip(_source(document), document.body)
            yield document if body == document.body else replace(document, body=body)
        else:
            yield document


def _cut_all(made: Survey, documents: Iterable[FaqEntry | Page], chunking: Chunking) -> None:
    first: dict[bytes, str] = {}
    likeness = Likeness()
    names: list[str] = []
    for document in documents:
        made.documents.add(document.document)
        for chunk in cut(document, chunking):
            said = _said(chunk)
            if said in first:
                _share(made, first[said], chunk.document)
                continue
            first[said] = chunk.id
            likeness.add(len(names), f"{chunk.title} {chunk.text}")
            names.append(chunk.document)
            made.chunks.append(chunk)
            made.rows += len(chunk.probes)
    made.alike = _alike(names, likeness.pairs(ALIKE_TOLD))


def _alike(names: Sequence[str], pairs: Iterable[Pair]) -> tuple[Alike, ...]:
    """Each pair of documents once, with the share of their likest chunks; neighbours in one document are alike by nature."""
    shares: dict[tuple[str, str], float] = {}
    for pair in pairs:
        first, second = sorted((names[pair.first], names[pair.second]))
        if first != second:
            shares.setdefault((first, second), pair.share)
    return tuple(Alike(first=first, second=second, share=round(share, 2)) for (first, second), share in shares.items())


def _said(chunk: Chunk) -> bytes:
    """Equal for chunks that say the same, to the same customers, at the same times, and are found by the same texts."""
    probes = [" ".join(probe.lower().split()) for probe in chunk.probes]
    days = [str(day) for day in (chunk.valid_from, chunk.valid_until)]
    return bytes.fromhex(digest.of_value([probes, sorted(chunk.tags), days])[:32])


def _share(made: Survey, chunk: str, document: str) -> None:
    made.duplicates += 1
    known = made.also.get(chunk, ())
    if document not in known and len(known) < SHARED_TOLD:
        made.also[chunk] = (*known, document)
