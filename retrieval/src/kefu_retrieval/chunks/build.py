"""From what was read to chunks: FAQ entries whole, pages cut."""

from collections import Counter
from collections.abc import Iterator

from kefu_api.documents.index import Chunking
from kefu_retrieval.chunks import passages, sentences, terms
from kefu_retrieval.chunks.chunk import Chunk, chunk_id
from kefu_retrieval.chunks.passages import Passage
from kefu_retrieval.sources.document import FaqEntry, Page, Reading

SENTENCE_TOKENS = 200
TELLING = 3
"""Content features below which a sentence is not worth a row of its own."""
MAX_SENTENCES = 64


def build(reading: Reading, chunking: Chunking) -> list[Chunk]:
    """All chunks, entries first, in the order of the sources; ids are unique."""
    documents: list[FaqEntry | Page] = [*reading.entries, *reading.pages]
    return [chunk for document in documents for chunk in cut(document, chunking)]


def cut(document: FaqEntry | Page, chunking: Chunking) -> Iterator[Chunk]:
    """The chunks of one document, or of one page of it."""
    return iter((_entry(document),)) if isinstance(document, FaqEntry) else _page(document, chunking)


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
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
    )


def _page(page: Page, chunking: Chunking) -> Iterator[Chunk]:
    """A passage's id counts how often the page has said the same before, not where it stands: text put in above moves none."""
    said: Counter[str] = Counter()
    for passage in passages.cut(page.body, chunking):
        content = f"{page.page or ''}{'/'.join(passage.headings)}\n{passage.text}"
        yield Chunk(
            id=chunk_id(page.document, said[content], content),
            document=page.document,
            title=page.title,
            headings=passage.headings,
            text=passage.text,
            language=page.language,
            tags=page.tags,
            probes=tuple(dict.fromkeys((_probe(page, passage), *_sentences(page, passage)))),
            page=page.page,
            valid_from=page.valid_from,
            valid_until=page.valid_until,
        )
        said[content] += 1


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
