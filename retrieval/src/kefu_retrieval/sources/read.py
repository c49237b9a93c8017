"""All sources of an index, checked against the snapshot that the version was named for."""

from collections.abc import Container, Iterator
from contextlib import closing
from pathlib import Path

from kefu_api.documents.index import Index, SourceDocument
from kefu_retrieval.errors import DocumentRefused, IndexInvalid, SourceChanged
from kefu_retrieval.scratch.string_set import StringSet
from kefu_retrieval.sources import folder, formats
from kefu_retrieval.sources.apart.sandbox import Sandbox
from kefu_retrieval.sources.document import FaqEntry, Origin, Reading
from kefu_retrieval.sources.file import File

_INLINE = {
    "FAQ": "inline.yaml",
    "Markdown": "inline.md",
    "HTML": "inline.html",
    "CSV": "inline.csv",
    "JSONL": "inline.jsonl",
}
"""Format → name of an inline text; one of format Auto has none that would tell."""


def stream(index: Index, known: Container[Origin] = ()) -> Iterator[Reading]:
    """What each document file of `index` holds, one after the other, so that no more than one need be held at a time.

    Files of folders that are `known` are skipped.

    Raises:
        SourceChanged: a folder's digest differs from the one the version was named for.
        SourceMissing: a folder does not exist.
        SourceUnreadable: a folder cannot be read now.
    """
    with Sandbox() as sandbox:
        for source in index.sources:
            with closing(StringSet()) as seen:
                for reading in _read_source(source, sandbox, known):
                    reading.entries[:] = _unique(reading, seen)
                    yield reading


def read(index: Index) -> Reading:
    """All of `stream` at once; it raises what that raises."""
    reading = Reading()
    for part in stream(index):
        reading.extend(part)
    return reading


def read_file(file: File, declared: str, sandbox: Sandbox) -> Reading:
    """What one file of a source of the format `declared` holds; a file that cannot be read is omitted with the reason."""
    try:
        form = formats.settle(file, declared)
    except DocumentRefused as error:
        return Reading.omitting(file.place, str(error))
    parse = sandbox.parse if formats.is_apart(file, form) else formats.parse
    return parse(file, form, guessing=declared == "Auto")


def _read_source(source: SourceDocument, sandbox: Sandbox, known: Container[Origin]) -> Iterator[Reading]:
    if source.inline is not None:
        name = _INLINE.get(source.format, "inline")
        yield read_file(File(source.name, name, source.inline.encode(), source.columns), source.format, sandbox)
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
    for name in snapshot.files:
        origin = Origin(source.name, name, snapshot.files.digest(name))
        if origin in known:
            yield Reading(origin=origin, skipped=True)
            continue
        reading = read_file(File(source.name, name, snapshot.files[name], source.columns), source.format, sandbox)
        reading.origin = origin
        yield reading


def _unique(reading: Reading, seen: StringSet) -> list[FaqEntry]:
    """The entries whose id is the first of its kind in its source and language; the others are omitted."""
    kept: list[FaqEntry] = []
    for entry in reading.entries:
        if not seen.add(f"{entry.language} {entry.document}"):
            reading.omit(entry.document, "a second entry with this id; ids must be unique within a source")
            continue
        kept.append(entry)
    return kept
