"""PDF: pages with their numbers, headings, paragraphs and tables; hidden text; what cannot be read."""

from reportlab.lib import colors
from reportlab.pdfgen.canvas import Canvas

from tests.unit.test_sources import made
from tests.unit.test_sources.made import ENGLISH, HEADING, paragraph
from tests.unit.test_sources.reading import Reader

POLICY = "签收后七天内可以无理由退货，商品须保持完好。退回运费由买家承担，质量问题除外。"
SHIPPING = "Orders leave our warehouse within two working days. "


def manual() -> bytes:
    """Two pages, one in Chinese with a table, one in English."""
    return made.pdf(
        paragraph("退换货政策", HEADING),
        paragraph(POLICY * 3),
        made.ruled([["地区", "运费", "时效"], ["江浙沪", "6 元", "1-2 天"], ["新疆", "20 元", "5-7 天"]]),
        made.page_break(),
        paragraph("Shipping policy", HEADING),
        paragraph(SHIPPING * 4, ENGLISH),
        title="服务手册",
    )


def test_a_manual_in_chinese_and_english(read: Reader) -> None:
    reading = read("manual.pdf", manual())
    assert reading.omissions == []
    assert reading.documents == 1
    chinese, english = reading.pages
    assert (chinese.document, chinese.title, chinese.page, chinese.language) == ("s/manual.pdf", "服务手册", 1, "zh")
    assert chinese.body == (
        f"# 退换货政策\n\n{POLICY * 3}\n\n"
        "| 地区 | 运费 | 时效 |\n| --- | --- | --- |\n| 江浙沪 | 6 元 | 1-2 天 |\n| 新疆 | 20 元 | 5-7 天 |"
    )
    assert (english.page, english.language) == (2, "en")
    assert english.body == f"# Shipping policy\n\n{(SHIPPING * 4).strip()}"


def test_without_a_title_the_largest_line_is_it(read: Reader) -> None:
    data = made.pdf(paragraph("保修说明", HEADING), paragraph(POLICY))
    assert read.page("a.pdf", data).title == "保修说明"
    assert read.page("warranty.pdf", made.pdf(paragraph(POLICY))).title == "warranty"


def test_running_headers_and_page_numbers_are_reported_once(read: Reader) -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(1, 6):
            canvas.setFont("Helvetica", 9)
            canvas.drawString(200, 810, "Acme service manual 2026")
            canvas.drawString(290, 30, f"Page {number} of 5")
            canvas.setFont("Helvetica", 12)
            for line in range(4):
                canvas.drawString(
                    72, 700 - 40 * line, f"Chapter {number} says thing number {line} {'abcde'[number - 1] * 5}."
                )
            canvas.showPage()

    reading = read("a.pdf", made.drawn_pdf(draw))
    assert all("Acme service manual" not in page.body and "of 5" not in page.body for page in reading.pages)
    assert "ccccc" in reading.pages[2].body
    (left,) = reading.omissions
    assert left.document == "s/a.pdf#repeated"
    assert "Acme service manual 2026 / Page 1 of 5" in left.reason


def test_chapters_that_each_begin_a_page_keep_their_headings(read: Reader) -> None:
    parts = [
        part
        for number in range(1, 6)
        for part in (paragraph(f"第{number}章", HEADING), paragraph(POLICY * 2), made.page_break())
    ]
    reading = read("a.pdf", made.pdf(*parts))
    assert reading.omissions == []
    assert [page.body.partition("\n")[0] for page in reading.pages] == [f"# 第{number}章" for number in range(1, 6)]


def test_hidden_text_is_reported_and_not_indexed(read: Reader) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 12)
        canvas.drawString(72, 700, "Refunds take three days.")
        canvas.setFillColor(colors.white)
        canvas.drawString(72, 650, "WHITE words")
        canvas.setFillColor(colors.black)
        canvas.setFont("Helvetica", 0.5)
        canvas.drawString(72, 600, "TINY words")
        canvas.setFont("Helvetica", 12)
        canvas.drawString(2_000, 550, "OUTSIDE words")

    reading = read("a.pdf", made.drawn_pdf(draw))
    assert [page.body for page in reading.pages] == ["Refunds take three days."]
    (left,) = reading.omissions
    assert left.document == "s/a.pdf#hidden"
    for reason in ("the colour of its background", "font size near 0", "placed outside of the page"):
        assert reason in left.reason


def test_white_text_on_a_dark_box_stays(read: Reader) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFillColor(colors.darkblue)
        canvas.rect(60, 640, 300, 40, fill=1)
        canvas.setFillColor(colors.white)
        canvas.setFont("Helvetica", 12)
        canvas.drawString(72, 650, "White words on blue")

    assert read.page("a.pdf", made.drawn_pdf(draw)).body == "White words on blue"


def test_an_encrypted_one_is_refused(read: Reader) -> None:
    assert (
        read.refusal("a.pdf", made.pdf(paragraph(POLICY), password="secret")) == "encrypted; save it without a password"
    )


def test_an_empty_one_and_a_cut_off_one_are_refused(read: Reader) -> None:
    assert "holds no text" in read.refusal("a.pdf", made.drawn_pdf(lambda canvas: None))
    assert "a damaged PDF" in read.refusal("b.pdf", manual()[:300])


def test_a_broken_page_costs_itself_alone(read: Reader) -> None:
    data = manual()
    start = data.index(b"stream\n", data.index(b"/FlateDecode")) + len(b"stream\n")
    broken = data[:start] + b"!" * 40 + data[start + 40 :]
    assert [page.page for page in read("a.pdf", broken).pages] == [2]
