"""From what was read to chunks: FAQ entries whole, pages cut."""

from collections.abc import Iterator

from kefu_api.documents.index import Chunking
from kefu_retrieval.chunks import sentences, terms
from kefu_retrieval.chunks.chunk import Chunk, chunk_id
from kefu_retrieval.chunks.passages import Passage, cut
from kefu_retrieval.sources.document import FaqEntry, Page, Reading

SENTENCE_TOKENS = 200
TELLING = 3
"""Content features below which a sentence is not worth a row of its own."""
MAX_SENTENCES = 64


def build(reading: Reading, chunking: Chunking) -> list[Chunk]:
    """All chunks, entries first, in the order of the sources; ids are unique."""
    chunks = [_entry(entry) for entry in reading.entries]
    for page in reading.pages:
        chunks.extend(_page(page, chunking))
    return chunks


def _entry(entry: FaqEntry) -> Chunk:
    return Chunk(
        id=chunk_id(entry.document, 0, f"{entry.language}\n{entry.question}\n{entry.answer}"),
        document=entry.document,
        title=entry.question,
        headings=(),
        text=entry.answer,
        language=entry.language,
        tags=entry.tags,
        probes=(entry.question, *entry.variants, f"{entry.question}\n{entry.answer}"),
    )


def _page(page: Page, chunking: Chunking) -> Iterator[Chunk]:
    for position, passage in enumerate(cut(page.body, chunking)):
        yield Chunk(
            id=chunk_id(page.document, position, f"{'/'.join(passage.headings)}\n{passage.text}"),
            document=page.document,
            title=page.title,
            headings=passage.headings,
            text=passage.text,
            language=page.language,
            tags=(),
            probes=tuple(dict.fromkeys((_probe(page, passage), *_sentences(page, passage)))),
        )


def _probe(page: Page, passage: Passage) -> str:
    """The passage under its title and headings, without saying the title twice."""
    path = [page.title, *(heading for heading in passage.headings if heading != page.title)]
    return f"{' › '.join(path)}\n{passage.text}"


def _sentences(page: Page, passage: Passage) -> Iterator[str]:
    """The passage's sentences, list items and table rows under its last heading: one fact among many is found by its own."""
    parts = [part.strip() for part in sentences.split(passage.text, SENTENCE_TOKENS)]
    parts = [part for part in parts if len(terms.features(part)) >= TELLING]
    heading = passage.headings[-1] if passage.headings else page.title
    if len(parts) > 1:
        yield from (f"{heading}\n{part}" for part in parts[:MAX_SENTENCES])
