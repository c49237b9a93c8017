"""DOCX: structure, hidden text, and archives that are bombs."""

import io
import zipfile

import pytest
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import RGBColor

from tests.unit.test_sources import made
from tests.unit.test_sources.reading import Reader


def warranty(document: Document) -> None:
    """Headings, a list and a table, in Chinese."""
    document.add_heading("保修政策", 1)
    document.add_paragraph("整机保修一年。")
    document.add_heading("例外", 2)
    document.add_paragraph("电池保修半年", style="List Bullet")
    document.add_paragraph("充电器不保修", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for at, text in enumerate(["型号", "保修", "X1", "12 个月"]):
        table.cell(at // 2, at % 2).text = text


def test_the_structure_of_a_document(read: Reader) -> None:
    page = read.page("warranty.docx", made.word(warranty))
    assert (page.title, page.language, page.page) == ("保修政策", "zh", None)
    assert page.body == (
        "# 保修政策\n\n整机保修一年。\n\n## 例外\n\n- 电池保修半年\n- 充电器不保修\n\n"
        "| 型号 | 保修 |\n| --- | --- |\n| X1 | 12 个月 |"
    )


def test_an_english_document_with_a_title_of_its_own(read: Reader) -> None:
    def write(document: Document) -> None:
        document.core_properties.title = "Service manual"
        document.add_paragraph("Refunds take three days.")

    page = read.page("a.docx", made.word(write))
    assert (page.title, page.language, page.body) == ("Service manual", "en", "Refunds take three days.")


def test_links_and_accepted_changes_are_text_and_deleted_ones_are_not(read: Reader) -> None:
    def write(document: Document) -> None:
        paragraph = document.add_paragraph("See ")
        for inner in (
            "<w:hyperlink {}><w:r><w:t>our terms</w:t></w:r></w:hyperlink>",
            "<w:ins {}><w:r><w:t> now</w:t></w:r></w:ins>",
            "<w:del {}><w:r><w:delText> then</w:delText></w:r></w:del>",
        ):
            paragraph._p.append(parse_xml(inner.format(nsdecls("w"))))

    assert read.page("a.docx", made.word(write)).body == "See our terms now"


@pytest.mark.parametrize("how", ["hidden font", "font size", "the colour of its background"])
@pytest.mark.parametrize("inside_table", [False, True])
def test_hidden_text_is_reported_and_not_indexed(read: Reader, how: str, inside_table: bool) -> None:
    def write(document: Document) -> None:
        place = document.add_table(rows=1, cols=1).cell(0, 0) if inside_table else document
        paragraph = place.add_paragraph("Shown. ")
        made.hide(paragraph.add_run("SECRET "), how)
        made.hide(paragraph.add_run("words"), how)

    reading = read("a.docx", made.word(write))
    assert [page.body for page in reading.pages] == ["Shown."]
    (left,) = reading.omissions
    assert left.document == "s/a.docx#hidden"
    assert left.reason.startswith(f"hidden text ({how}")
    assert "“SECRET words”" in left.reason


def test_text_that_a_style_hides_is_hidden(read: Reader) -> None:
    def write(document: Document) -> None:
        style = document.styles.add_style("Invisible", WD_STYLE_TYPE.PARAGRAPH)
        style.font.color.rgb = RGBColor(0xFE, 0xFE, 0xFE)
        document.add_paragraph("Shown.")
        document.add_paragraph("SECRET words", style="Invisible")

    reading = read("a.docx", made.word(write))
    assert [page.body for page in reading.pages] == ["Shown."]
    assert "SECRET words" in reading.omissions[0].reason


def test_white_text_on_a_painted_cell_stays(read: Reader) -> None:
    def write(document: Document) -> None:
        cell = document.add_table(rows=1, cols=1).cell(0, 0)
        cell._tc.get_or_add_tcPr().append(parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:fill="1F3864"/>'))
        made.hide(cell.paragraphs[0].add_run("White words on blue"), "white")

    assert read.page("a.docx", made.word(write)).body == "White words on blue"


def repacked(data: bytes, member: str, content: bytes) -> bytes:
    """A DOCX with one part replaced."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == member else old.read(name))
    return held.getvalue()


def test_a_zip_bomb_is_refused(read: Reader) -> None:
    one = repacked(made.word(warranty), "docProps/thumbnail.jpeg", bytes(40 * 1024 * 1024))
    assert "as a zip bomb does" in read.refusal("a.docx", one)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("word/document.xml", b"x")
        for number in range(6_000):
            archive.writestr(f"{number}.xml", b"")
    assert "6001 parts, more than" in read.refusal("b.docx", held.getvalue())


def test_a_document_of_entities_that_expand_without_end_is_refused(read: Reader) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    xml = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "ha">{laughs}]><d>&l11;</d>'
    reading = read("a.docx", repacked(made.word(warranty), "word/document.xml", xml.encode()))
    assert reading.documents == 0
    assert "a damaged document" in reading.omissions[0].reason


def test_one_with_a_password_and_a_damaged_one_are_refused(read: Reader) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    assert "without a password" in read.refusal("a.docx", ole)
    assert "damaged" in read.refusal("b.docx", made.word(warranty)[:2_000] + b"word/document.xml")
    assert "holds no text" in read.refusal("c.docx", made.word(lambda document: None))
