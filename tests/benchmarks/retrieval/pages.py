"""Knowledge to ingest: Markdown files of ten sections, one chunk each, and the index document that names them."""

from pathlib import Path

from kefu_api.documents.index import Index
from tests.benchmarks.retrieval.corpus import texts
from tests.unit.test_retrieval.doubles import folder_source, index

SECTIONS = 10


def write(folder: Path, uri: str, chunks: int, percent: int) -> Index:
    """Write the files below `folder`; the first `percent` of them end otherwise."""
    files, count = {}, chunks // SECTIONS
    lines = texts(chunks)
    for number in range(count):
        sections = lines[number * SECTIONS : (number + 1) * SECTIONS]
        if number * 100 < percent * count:
            sections = [f"{text} Changed." for text in sections]
        body = "\n\n".join(f"## Section {number}.{at}\n\n{text}" for at, text in enumerate(sections))
        files[f"d{number:06}.md"] = f"# Page {number}\n\n{body}\n"
    source = folder_source(folder / "docs", files, "Markdown")
    return index(source, version=f"v{percent}", uri=uri)
