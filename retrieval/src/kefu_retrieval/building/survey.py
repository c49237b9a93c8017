"""The first passes over the documents: read and cut them, set aside what is said twice, and count what will be stored.

Nothing is embedded yet, so that a version that must not be built stops here, having cost next to nothing. Files that a ledger
knows are not read: it says what they give.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from kefu_api import digest
from kefu_api.documents.index import Alike, Chunking, Repeated
from kefu_retrieval.building.filing import Filing
from kefu_retrieval.building.ledger import Filed, Known, Ledger
from kefu_retrieval.chunks.boilerplate import Boilerplate
from kefu_retrieval.chunks.build import cut
from kefu_retrieval.chunks.chunk import Chunk
from kefu_retrieval.chunks.likeness import Likeness, Pair, sketch
from kefu_retrieval.scratch.spool import Spool
from kefu_retrieval.scratch.string_set import StringSet
from kefu_retrieval.scratch.table import Table
from kefu_retrieval.sources.document import FaqEntry, Omission, Page, Reading

ALIKE_TOLD = 1_000
"""Pairs of chunks after which the search for more of them ends."""
SHARED_TOLD = 50
"""Documents beside its own that a chunk names."""

_NUMBER = 4
"""Bytes of a chunk's number."""
_DOCUMENTS: TypeAdapter[FaqEntry | Page] = TypeAdapter(FaqEntry | Page)
_CHUNKS = TypeAdapter(Chunk)


class Unsettled(Exception):
    """What was read may change what files give that were not: all must be read."""


@dataclass
class Survey:
    """What is to be stored, and what was noticed on the way."""

    chunks: Spool[Chunk]
    """Of the files that were read."""
    filing: Filing = field(default_factory=Filing)
    """The same files."""
    boilerplate: Boilerplate = field(default_factory=Boilerplate)
    skipped: list[Known] = field(default_factory=list)
    """Files that were not read."""
    also: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Documents beside its own that say what a chunk says, by chunk id."""
    documents: StringSet = field(default_factory=StringSet)
    """Names of the documents that have a chunk, or share another's."""
    duplicates: int = 0
    """Chunks that were left to another that says the same."""
    omissions: list[Omission] = field(default_factory=list)
    repeated: tuple[Repeated, ...] = ()
    alike: tuple[Alike, ...] = ()

    @property
    def total(self) -> int:
        """Chunks of all files."""
        return len(self.chunks) + sum(file.chunks for file in self.skipped)

    def settled(self) -> Iterator[Filed]:
        """The files that a later version need not read while they stay as they are."""
        return self.filing.settled(self.boilerplate)

    def close(self) -> None:
        """Give the space back."""
        self.chunks.close()
        self.filing.close()
        self.documents.close()


def survey(readings: Iterable[Reading], chunking: Chunking, known: Ledger | None = None) -> Survey:
    """Read, cut and count; `readings` is consumed one at a time, and what skipped ones give is looked up in `known`.

    Raises:
        RetrievalError: whatever reading raises.
        Unsettled: `known` is of no use here.
    """
    made = Survey(Spool(_CHUNKS))
    try:
        _read_all(made, readings, chunking, known)
    except BaseException:
        made.close()
        raise
    return made


def _read_all(made: Survey, readings: Iterable[Reading], chunking: Chunking, known: Ledger | None) -> None:
    documents = Spool(_DOCUMENTS)
    try:
        for reading in readings:
            if reading.skipped and reading.origin and known:
                _skip(made, known.files[reading.origin])
                continue
            made.filing.read(reading)
            made.omissions += reading.omissions
            for entry in reading.entries:
                documents.append(entry)
            for page in reading.pages:
                documents.append(page)
                made.boilerplate.see(_source(page), page.body)
        if known:
            _settle(made, known)
        _cut_all(made, _stripped(documents, made.boilerplate), chunking, known)
    finally:
        documents.close()
    made.repeated = tuple(made.boilerplate.found())


def _settle(made: Survey, known: Ledger) -> None:
    """Whether no line can have become one that pages repeat: few pages were read, and not most of those before are gone."""
    pages = known.pages()
    for source in {file.origin.source for file in made.skipped}:
        if not made.boilerplate.is_quiet(source, pages[source]):
            raise Unsettled


def _skip(made: Survey, file: Known) -> None:
    made.skipped.append(file)
    made.boilerplate.skip(file.origin.source, file.pages)


def _source(document: FaqEntry | Page) -> str:
    return document.document.split("/", 1)[0]


def _stripped(documents: Iterable[FaqEntry | Page], boilerplate: Boilerplate) -> Iterator[FaqEntry | Page]:
    for document in documents:
        if isinstance(document, Page):
            body = boilerplate.strip(_source(document), document.body)
            yield document if body == document.body else replace(document, body=body)
        else:
            yield document


def _cut_all(made: Survey, documents: Iterable[FaqEntry | Page], chunking: Chunking, known: Ledger | None) -> None:
    with closing(Table()) as said, closing(Likeness()) as likeness:
        _cut_each(made, documents, chunking, said, likeness)
        if known:
            _join(made, said, likeness, known)
        made.alike = _alike(made, likeness.pairs(ALIKE_TOLD), known)


def _cut_each(
    made: Survey, documents: Iterable[FaqEntry | Page], chunking: Chunking, first: Table, likeness: Likeness
) -> None:
    """`first` comes to hold the number and the id of the chunk that was first to say it, by `_said`."""
    for document in documents:
        made.documents.add(document.document)
        made.filing.cut(document)
        for chunk in cut(document, chunking):
            said = _said(chunk)
            number = len(made.chunks)
            if not first.add(said, number.to_bytes(_NUMBER) + chunk.id.encode()):
                other = first.get(said) or b""
                made.filing.shared(int.from_bytes(other[:_NUMBER]))
                _share(made, other[_NUMBER:].decode(), chunk.document)
                continue
            sketched = sketch(f"{chunk.title} {chunk.text}")
            likeness.add(number, sketched)
            made.chunks.append(chunk)
            made.filing.stored(said, sketched)


def _join(made: Survey, first: Table, likeness: Likeness, known: Ledger) -> None:
    """What was not read, beside what was: no document may be in both, and no chunk may be said in both."""
    number = len(made.chunks)
    for file in made.skipped:
        chunks = known.said(file)
        if any(name in made.documents for name in file.documents) or any(said.digest in first for said in chunks):
            raise Unsettled
        for said in chunks:
            likeness.add(number, said.sketch)
            number += 1
    made.documents.update(name for file in made.skipped for name in file.documents)


def _alike(made: Survey, pairs: list[Pair], known: Ledger | None) -> tuple[Alike, ...]:
    """Each pair of documents once, with the share of their likest chunks; neighbours in one document are alike by nature."""
    names = _names(made, {number for pair in pairs for number in (pair.first, pair.second)}, known)
    shares: dict[tuple[str, str], float] = {}
    for pair in pairs:
        first, second = sorted((names[pair.first], names[pair.second]))
        if first != second:
            shares.setdefault((first, second), pair.share)
    return tuple(Alike(first=first, second=second, share=round(share, 2)) for (first, second), share in shares.items())


def _names(made: Survey, numbers: set[int], known: Ledger | None) -> dict[int, str]:
    """Documents of the chunks with these numbers; those of files that were not read come behind the others."""
    names = {number: chunk.document for number, chunk in made.chunks.pick(numbers).items()}
    if known is None:
        return names
    end = len(made.chunks)
    for file in made.skipped:
        first, end = end, end + file.chunks
        if wanted := numbers.intersection(range(first, end)):
            chunks = known.said(file)
            names.update((number, file.documents[chunks[number - first].document]) for number in wanted)
    return names


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
