"""All sources of an index, checked against the snapshot that the version was named for."""

from collections.abc import Callable
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


def read(index: Index) -> Reading:
    """Read every source of `index`.

    Raises:
        SourceChanged: a folder's digest differs from the one the version was named for.
        SourceMissing: a folder does not exist.
    """
    reading = Reading()
    for source in index.sources:
        reading.extend(_read_source(source))
    reading.entries[:] = _unique(reading)
    return reading


def _read_source(source: SourceDocument) -> Reading:
    parser, endings, inline_name = PARSERS[source.format]
    if source.inline is not None:
        return parser(source.name, inline_name, source.inline)
    if source.path is None:
        raise IndexInvalid(f"source {source.name} has neither path nor inline")
    snapshot = folder.read(Path(source.path))
    if snapshot.digest != source.digest:
        raise SourceChanged(
            f"source {source.name} is not the snapshot this version was named for"
            f" (expected {source.digest[:12]}, found {snapshot.digest[:12]}); a newer version will follow"
        )
    reading = Reading()
    for name, reason in snapshot.unreadable.items():
        reading.omit(f"{source.name}/{name}", reason)
    for name in sorted(snapshot.files):
        if name.lower().endswith(endings) or "." not in name:
            reading.extend(parser(source.name, name, snapshot.files[name]))
        else:
            reading.omit(f"{source.name}/{name}", f"a {source.format} file must end in {' or '.join(endings)}")
    return reading


def _unique(reading: Reading) -> list[FaqEntry]:
    """The entries whose id is the first of its kind in its source and language; the others are omitted."""
    seen: set[tuple[str, str]] = set()
    kept: list[FaqEntry] = []
    for entry in reading.entries:
        key = (entry.document, entry.language)
        if key in seen:
            reading.omit(entry.document, "a second entry with this id; ids must be unique within a source")
            continue
        seen.add(key)
        kept.append(entry)
    return kept
