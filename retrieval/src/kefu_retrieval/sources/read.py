"""All sources of an index, checked against the snapshot that the version was named for."""

from collections.abc import Callable, Iterator
from pathlib import Path

from kefu_api.documents.index import Index, SourceDocument
from kefu_retrieval.errors import IndexInvalid, SourceChanged
from kefu_retrieval.sources import faq, folder, markdown
from kefu_retrieval.sources.document import FaqEntry, Reading

Parser = Callable[[str, str, str], Reading]

PARSERS: dict[str, tuple[Parser, tuple[str, ...], str]] = {
    "FAQ": (faq.parse, (".yaml", ".yml", ".json"), "inline.yaml"),
    "Markdown": (markdown.parse, (".md", ".markdown", ".txt"), "inline.md"),
}
"""Format → parser, endings of the files it reads, name of an inline text."""


def stream(index: Index) -> Iterator[Reading]:
    """What each document file of `index` holds, one after the other, so that no more than one need be held at a time.

    Raises:
        SourceChanged: a folder's digest differs from the one the version was named for.
        SourceMissing: a folder does not exist.
    """
    for source in index.sources:
        seen: set[tuple[str, str]] = set()
        for reading in _read_source(source):
            reading.entries[:] = _unique(reading, seen)
            yield reading


def read(index: Index) -> Reading:
    """All of `stream` at once; it raises what that raises."""
    reading = Reading()
    for part in stream(index):
        reading.extend(part)
    return reading


def _read_source(source: SourceDocument) -> Iterator[Reading]:
    parser, endings, inline_name = PARSERS[source.format]
    if source.inline is not None:
        yield parser(source.name, inline_name, source.inline)
        return
    if source.path is None:
        raise IndexInvalid(f"source {source.name} has neither path nor inline")
    snapshot = folder.read(Path(source.path))
    if snapshot.digest != source.digest:
        raise SourceChanged(
            f"source {source.name} is not the snapshot this version was named for"
            f" (expected {source.digest[:12]}, found {snapshot.digest[:12]}); a newer version will follow"
        )
    left_out = Reading()
    for name, reason in snapshot.unreadable.items():
        left_out.omit(f"{source.name}/{name}", reason)
    yield left_out
    for name in sorted(snapshot.files):
        if name.lower().endswith(endings) or "." not in name:
            yield parser(source.name, name, snapshot.files[name])
        else:
            refused = Reading()
            refused.omit(f"{source.name}/{name}", f"a {source.format} file must end in {' or '.join(endings)}")
            yield refused


def _unique(reading: Reading, seen: set[tuple[str, str]]) -> list[FaqEntry]:
    """The entries whose id is the first of its kind in its source and language; the others are omitted."""
    kept: list[FaqEntry] = []
    for entry in reading.entries:
        key = (entry.document, entry.language)
        if key in seen:
            reading.omit(entry.document, "a second entry with this id; ids must be unique within a source")
            continue
        seen.add(key)
        kept.append(entry)
    return kept
