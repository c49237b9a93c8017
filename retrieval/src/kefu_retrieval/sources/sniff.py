"""Which format a file is in, by its first bytes and its name: each alone is often wrong."""

import re
from typing import Literal

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources.file import File

Format = Literal["FAQ", "Markdown", "HTML", "PDF", "DOCX", "XLSX", "CSV", "JSONL", "Image"]

ENDINGS: dict[Format, tuple[str, ...]] = {
    "FAQ": (".yaml", ".yml"),
    "Markdown": (".md", ".markdown", ".txt"),
    "HTML": (".html", ".htm", ".xhtml"),
    "PDF": (".pdf",),
    "DOCX": (".docx",),
    "XLSX": (".xlsx",),
    "CSV": (".csv", ".tsv"),
    "JSONL": (".jsonl", ".ndjson", ".json"),
    "Image": (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif"),
}
"""Format → endings of names. Several formats have `.json`: an FAQ of that name is told by its entries."""
FORMATS: dict[str, Format] = {form: form for form in ENDINGS}
BINARY: frozenset[Format] = frozenset({"PDF", "DOCX", "XLSX", "Image"})
"""Formats that are told by their bytes for certain."""
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"BM")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_ENTRIES = re.compile(rb"(?:#[^\n]*\n\s*)*-\s+(?:\{\s*)?(?:id|question|answer|variants|tags)\s*:")
_OBJECT = re.compile(rb"(?:\[\s*)?\{\s*\"")
_MEMBERS: dict[str, Format] = {"word/document.xml": "DOCX", "xl/workbook.xml": "XLSX"}


def by_bytes(data: bytes) -> Format | None:
    """The binary format, or HTML, that the bytes show; None where they may be any text.

    Raises:
        DocumentRefused: they show a format that is not read, with the one to use instead.
    """
    head = data[:4096]
    if b"%PDF-" in head[:1024]:
        return "PDF"
    if head.startswith(b"PK\x03\x04"):
        return _packed(data)
    if head.startswith(_OLE):
        raise DocumentRefused(
            "an Office file with a password, or of the format before 2007; save it as DOCX, XLSX or PDF without a password"
        )
    if head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "Image"
    if _HTML.match(head):
        return "HTML"
    return None


def _packed(data: bytes) -> Format:
    # The names stand in the archive as they are; its directory is not read here, since it may be made to fill memory.
    for member, form in _MEMBERS.items():
        if member.encode() in data:
            return form
    raise DocumentRefused("an archive that is neither DOCX nor XLSX; unpack it, and give its files")


def by_text(data: bytes) -> Format:
    """What a text without a telling name is: FAQ entries in YAML, JSON records, or Markdown."""
    head = data[:4096].lstrip()
    if _ENTRIES.match(head):
        return "FAQ"
    return "JSONL" if _OBJECT.match(head) else "Markdown"


def by_name(name: str) -> Format | None:
    """The format that the ending stands for; None where it stands for none."""
    lower = name.lower()
    return next((form for form, endings in ENDINGS.items() if lower.endswith(endings)), None)


def tell(file: File) -> Format:
    """The format of a file that may be of any.

    Raises:
        DocumentRefused: bytes and name contradict each other, or neither says anything that is read.
    """
    shown, named = by_bytes(file.data), by_name(file.name)
    if named in BINARY and shown not in BINARY:
        raise DocumentRefused(f"is no {named} file though its name says so; correct the file or its name")
    if shown in BINARY and named not in (None, shown):
        raise DocumentRefused(f"is {_article(shown)} file though its name says {named}; correct the name")
    if shown == "HTML" and named in ("FAQ", "CSV", "JSONL"):
        raise DocumentRefused(
            f"is a web page though its name says {named}, perhaps an error page; fetch the file again"
        )
    if named is None and "." in file.name.rpartition("/")[2] and shown is None:
        known = ", ".join(ending for endings in ENDINGS.values() for ending in endings)
        raise DocumentRefused(f"of no known format; give a file whose name ends in one of {known}")
    if shown == "HTML" and named == "Markdown":
        return "HTML"
    return named or shown or by_text(file.data)


def check(file: File, declared: str) -> Format:
    """The format that the source declares, where the file is in it.

    Raises:
        DocumentRefused: it is in another.
    """
    form = FORMATS[declared]
    shown, named = by_bytes(file.data), by_name(file.name)
    if form == "FAQ" and shown == "XLSX":
        return form
    if form in BINARY and shown != form:
        raise DocumentRefused(f"is no {form} file; correct the file, or the source's format")
    if form not in BINARY and shown in BINARY:
        raise DocumentRefused(f"is {_article(shown)} file, not {form}; set the source's format to {shown} or Auto")
    accepted = ENDINGS[form] + _ALSO.get(form, ())
    if named is not None and not file.name.lower().endswith(accepted):
        raise DocumentRefused(f"a {form} file must end in {' or '.join(accepted)}; rename it, or set format to Auto")
    return form


_ALSO: dict[Format, tuple[str, ...]] = {
    "FAQ": (".json", ".csv", ".tsv", ".xlsx", ".jsonl", ".ndjson"),
    "CSV": (".txt",),
}
"""Other files that hold FAQ entries, or delimited text."""


def _article(form: Format | None) -> str:
    return f"an {form}" if form in ("XLSX", "Image") else f"a {form}"
