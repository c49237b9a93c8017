"""Formats: told by name and first bytes, and refused where those contradict each other."""

import pytest

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources import sniff
from kefu_retrieval.sources.file import File

PDF = b"%PDF-1.7\n..."
DOCX = b"PK\x03\x04....word/document.xml"
XLSX = b"PK\x03\x04....xl/workbook.xml"
PNG = b"\x89PNG\r\n\x1a\n...."
HTML = b"\n<!-- saved -->\n<!DOCTYPE html><html><body>x</body></html>"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...."

TOLD = {
    "a.yaml": (b"- {question: q, answer: a}", "FAQ"),
    "a.md": (b"# Title", "Markdown"),
    "A.TXT": (b"text", "Markdown"),
    "a.htm": (b"<p>no doctype</p>", "HTML"),
    "a.pdf": (PDF, "PDF"),
    "a.docx": (DOCX, "DOCX"),
    "a.xlsx": (XLSX, "XLSX"),
    "a.csv": (b"a,b\n1,2", "CSV"),
    "a.ndjson": (b"{}", "JSONL"),
    "a.jpeg": (b"\xff\xd8\xff\xe0", "Image"),
    "page": (HTML, "HTML"),
    "manual": (PDF, "PDF"),
    "manual.bin": (PDF, "PDF"),
    "page.md": (HTML, "HTML"),
    "faq": (b"# ours\n- question: q\n  answer: a\n", "FAQ"),
    "records": (b'{"a": 1}', "JSONL"),
    "notes": (b"- a list, not of entries", "Markdown"),
}
WRONG = {
    "a.pdf": (HTML, "is no PDF file though its name says so"),
    "b.docx": (PDF, "is a PDF file though its name says DOCX"),
    "c.md": (PNG, "is an Image file though its name says Markdown"),
    "d.csv": (HTML, "perhaps an error page"),
    "e.doc": (OLE, "save it as DOCX, XLSX or PDF without a password"),
    "f.zip": (b"PK\x03\x04....", "neither DOCX nor XLSX"),
    "g.exe": (b"MZ....", "of no known format; give a file whose name ends in one of .yaml"),
    "h.png": (b"not a picture", "is no Image file"),
}


@pytest.mark.parametrize("name", TOLD)
def test_auto_tells(name: str) -> None:
    data, form = TOLD[name]
    assert sniff.tell(File("s", name, data)) == form


@pytest.mark.parametrize("name", WRONG)
def test_auto_refuses(name: str) -> None:
    data, reason = WRONG[name]
    with pytest.raises(DocumentRefused) as caught:
        sniff.tell(File("s", name, data))
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("form", "name", "data"),
    [("FAQ", "a.csv", b"q"), ("FAQ", "a.xlsx", XLSX), ("FAQ", "a", b"q"), ("PDF", "a", PDF), ("CSV", "a.txt", b"a,b")],
)
def test_a_declared_format_is_taken(form: str, name: str, data: bytes) -> None:
    assert sniff.check(File("s", name, data), form) == form


@pytest.mark.parametrize(
    ("form", "name", "data", "reason"),
    [
        ("PDF", "a.pdf", b"text", "is no PDF file; correct the file, or the source's format"),
        ("Markdown", "a.md", PDF, "is a PDF file, not Markdown; set the source's format to PDF or Auto"),
        ("FAQ", "a.md", b"# x", "a FAQ file must end in .yaml"),
        ("Markdown", "a.csv", b"a,b", "a Markdown file must end in .md"),
    ],
)
def test_a_file_in_another_than_the_declared_format_is_refused(form: str, name: str, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        sniff.check(File("s", name, data), form)
    assert reason in str(caught.value)
