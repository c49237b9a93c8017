"""Documents in the formats that shops keep them in, made by the libraries that other programs use too."""

import io
from collections.abc import Callable, Sequence

import docx
import openpyxl
from docx.shared import Pt, RGBColor
from docx.text.run import Run
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Table, TableStyle

CHINESE = "STSong-Light"
"""A font that every PDF reader brings, so that the file holds none."""
pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))

BODY = ParagraphStyle("body", fontName=CHINESE, fontSize=11, leading=16, spaceAfter=12, wordWrap="CJK")
ENGLISH = ParagraphStyle("english", fontName="Helvetica", fontSize=11, leading=16, spaceAfter=12)
HEADING = ParagraphStyle("heading", fontName=CHINESE, fontSize=18, leading=24, spaceAfter=12)


def pdf(*parts: Flowable, title: str = "", password: str | None = None) -> bytes:
    """A PDF of paragraphs, tables and page breaks."""
    held = io.BytesIO()
    SimpleDocTemplate(held, pagesize=A4, title=title or None, encrypt=password).build(list(parts))
    return held.getvalue()


def drawn_pdf(draw: Callable[[Canvas], None]) -> bytes:
    """A PDF of one page, drawn by hand."""
    held = io.BytesIO()
    canvas = Canvas(held, pagesize=A4)
    draw(canvas)
    canvas.save()
    return held.getvalue()


def paragraph(text: str, style: ParagraphStyle = BODY) -> Flowable:
    """A paragraph of a PDF."""
    return Paragraph(text, style)


def page_break() -> Flowable:
    """What stands behind it begins a page."""
    return PageBreak()


def ruled(rows: Sequence[Sequence[str]]) -> Flowable:
    """A table of a PDF, with lines around its cells."""
    look = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("FONTNAME", (0, 0), (-1, -1), CHINESE)])
    return Table([list(row) for row in rows], style=look)


def word(write: Callable[[docx.document.Document], object]) -> bytes:
    """A DOCX, written by `write`."""
    document = docx.Document()
    write(document)
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def hide(run: Run, how: str) -> None:
    """Make a run of a DOCX one that nobody sees."""
    if how == "hidden font":
        run.font.hidden = True
    elif how == "font size":
        run.font.size = Pt(1)
    else:
        run.font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)


def workbook(*sheets: Sequence[Sequence[object]], hidden: Sequence[str] = ()) -> bytes:
    """An XLSX; its sheets are called Sheet1, Sheet2 and so on."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Sheet{number}")
        for row in rows:
            sheet.append(list(row))
        if sheet.title in hidden:
            sheet.sheet_state = "hidden"
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def picture(lines: Sequence[str], font: str, form: str = "PNG", size: int = 40) -> bytes:
    """A picture of lines of black text."""
    image = Image.new("RGB", (1400, 120 + 80 * len(lines)), "white")
    pen, letters = ImageDraw.Draw(image), ImageFont.truetype(font, size)
    for number, line in enumerate(lines):
        pen.text((60, 60 + 80 * number), line, fill="black", font=letters)
    held = io.BytesIO()
    image.save(held, form)
    return held.getvalue()
