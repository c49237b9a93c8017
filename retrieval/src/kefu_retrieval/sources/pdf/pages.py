"""PDF: a page for each page, with its headings and tables; scanned pages are recognised."""

import io
import logging
import struct
import time

import pdfplumber
from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
from pdfminer.psexceptions import PSException
from pdfplumber.page import Page as Sheet
from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException
from PIL import Image

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources import limits
from kefu_retrieval.sources.cleaning import unseen
from kefu_retrieval.sources.document import Page, Reading
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.pdf import hidden, layout, repeated
from kefu_retrieval.sources.pdf.layout import Line
from kefu_retrieval.sources.pictures import ocr, picture
from kefu_retrieval.sources.text import language

_BROKEN = (
    PdfminerException, MalformedPDFException, PSException, struct.error, ValueError, KeyError, TypeError, AttributeError,
    IndexError, ArithmeticError, RecursionError, AssertionError,
)  # fmt: skip
"""What a damaged page makes the parser raise."""
_DPI = 300
"""What tesseract is made for; at 200, Chinese characters of 10 points begin to be mistaken."""
_FEW = 8
"""Characters below which a page with a picture counts as scanned."""
_UNMAPPED = 0.3
"""Share of characters without a meaning from which a page's text is worth nothing."""


def parse(file: File) -> Reading:
    """A page for each page that holds text.

    Raises:
        DocumentRefused: it is encrypted or damaged, or holds no text.
    """
    logging.getLogger("pdfminer").setLevel(logging.ERROR)
    reading = Reading()
    with _open(file.data) as document:
        count = len(document.pages)
        sheets = document.pages[: limits.PAGES]
        if count > len(sheets):
            reading.omit(
                f"{file.place}#page={len(sheets) + 1}", f"{count - len(sheets)} pages too many; split the document"
            )
        found = _Reader(file, reading).read(sheets)
        title = _title(document.metadata)
    taken = repeated.take_out(list(found.values()))
    if taken:
        reading.omit(f"{file.place}#repeated", f"on most pages, so left out: {unseen.quoted(' / '.join(taken))}")
    body = layout.body_size([line for lines in found.values() for line in lines])
    for number, lines in found.items():
        text = layout.render(lines, body)
        if text.strip():
            title = title or layout.largest(lines) or file.stem
            reading.pages.append(Page(file.place, title[: limits.TITLE], text, language.detect(text), page=number))
    if not reading.pages and not reading.omissions:
        raise DocumentRefused("holds no text; give a document whose text can be copied")
    return reading


def _open(data: bytes) -> pdfplumber.pdf.PDF:
    try:
        opened = pdfplumber.open(io.BytesIO(data))
        _ = len(opened.pages)
    except _BROKEN as error:
        cause = _cause(error)
        if isinstance(cause, PDFPasswordIncorrect | PDFEncryptionError):
            raise DocumentRefused("encrypted; save it without a password") from error
        raise DocumentRefused(f"a damaged PDF ({type(cause).__name__}); print it to PDF again") from error
    return opened


def _damage(error: Exception) -> str:
    cause = _cause(error)
    if isinstance(cause, MemoryError):
        return "reading this page takes too much memory; print the document to PDF again, or split it"
    return f"a damaged page ({type(cause).__name__}); print the document to PDF again"


def _cause(error: Exception) -> Exception:
    """What went wrong below: pdfplumber wraps whatever it meets."""
    return error.args[0] if error.args and isinstance(error.args[0], Exception) else error


def _title(metadata: dict[str, object]) -> str:
    """The document's own title, unless a program has put a file name or nothing there."""
    found = metadata.get("Title")
    title = " ".join(found.split()) if isinstance(found, str) else ""
    telling = title and not title.lower().startswith(("untitled", "microsoft word", "(anonymous)", "unspecified"))
    return title if telling and "." not in title[-5:] else ""


class _Reader:
    """Reads the pages of one document within its time."""

    def __init__(self, file: File, reading: Reading) -> None:
        self._file = file
        self._reading = reading
        self._deadline = time.monotonic() + limits.OCR_SECONDS
        self._hidden: list[tuple[str, str]] = []

    def read(self, sheets: list[Sheet]) -> dict[int, list[Line]]:
        """Lines by page number; pages that cannot be read are omitted."""
        found: dict[int, list[Line]] = {}
        for number, sheet in enumerate(sheets, start=1):
            if time.monotonic() > self._deadline:
                self._omit(number, f"and {len(sheets) - number} behind it: reading takes too long; split the document")
                break
            try:
                found[number] = self._page(sheet)
            except DocumentRefused as error:
                self._omit(number, str(error))
            except _BROKEN as error:
                self._omit(number, _damage(error))
            sheet.close()
        unseen.report(self._reading, self._file.place, self._hidden)
        return found

    def _omit(self, number: int, reason: str) -> None:
        self._reading.omit(f"{self._file.place}#page={number}", reason)

    def _page(self, sheet: Sheet) -> list[Line]:
        if _is_scanned(sheet):
            text = ocr.read(picture.png(_drawn(sheet)), self._time_left())
            return [Line(paragraph, 0.0, apart=True) for paragraph in text.split("\n\n") if paragraph]
        visible, pieces = hidden.take_out(sheet)
        self._hidden += pieces
        return layout.lines(visible)

    def _time_left(self) -> float:
        return max(1.0, min(limits.OCR_PAGE_SECONDS, self._deadline - time.monotonic()))


def _is_scanned(sheet: Sheet) -> bool:
    characters = [char["text"] for char in sheet.chars if char["text"].strip()]
    unmapped = sum(1 for text in characters if text.startswith("(cid:"))
    if characters and unmapped > _UNMAPPED * len(characters):
        return True
    return len(characters) < _FEW and bool(sheet.images)


def _drawn(sheet: Sheet) -> Image.Image:
    pixels = float(sheet.width) * float(sheet.height) * (_DPI / 72) ** 2
    scale = min(1.0, (limits.PIXELS / pixels) ** 0.5) if pixels else 1.0
    return sheet.to_image(resolution=max(1, int(_DPI * scale))).original
