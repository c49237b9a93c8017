"""Tables and records: FAQ entries by their columns, and else a record a document."""

from datetime import date, datetime

import pytest

from kefu_api.documents.index import Columns
from kefu_retrieval.sources import limits
from tests.unit.test_sources import made
from tests.unit.test_sources.reading import Reader

HEADER = ["问题", "相似问题", "答案", "标签", "生效日期", "失效日期"]
ROW = ["能退吗", "可以退货吗|怎么退；退货条件", "七天内可退", "退货，售后", "2026年1月1日", "2026/12/31"]
ENGLISH = "question,variants,answer,tags,valid_from,valid until\n" + (
    '"Can I return it?","Returns?\nRefund?","Yes, within 30 days.",returns;refunds,2026-01-01,\n'
)


def test_faq_rows_in_chinese(read: Reader) -> None:
    for name, data in {
        "faq.csv": "\n".join(",".join(row) for row in (HEADER, ROW)).encode("gb18030"),
        "faq.tsv": "\n".join("\t".join(row) for row in (HEADER, ROW)).encode("utf-16"),
        "faq.xlsx": made.workbook([HEADER, ROW]),
    }.items():
        reading = read(name, data)
        assert reading.omissions == []
        (entry,) = reading.entries
        assert (entry.question, entry.answer, entry.language) == ("能退吗", "七天内可退", "zh")
        assert entry.variants == ("可以退货吗", "怎么退", "退货条件")
        assert entry.tags == ("退货", "售后")
        assert (entry.valid_from, entry.valid_until) == (date(2026, 1, 1), date(2026, 12, 31))


def test_faq_rows_in_english(read: Reader) -> None:
    (entry,) = read("faq.csv", ENGLISH).entries
    assert entry.variants == ("Returns?", "Refund?")
    assert entry.tags == ("returns", "refunds")
    assert (entry.valid_from, entry.valid_until, entry.language) == (date(2026, 1, 1), None, "en")


def test_faq_entries_as_yaml_and_json(read: Reader) -> None:
    yaml = "- {id: a, question: 能退吗, answer: 可以, validFrom: 2026-01-01, validUntil: '2026-02-28'}\n"
    json = (
        '[{"id": "a", "question": "能退吗", "answer": "可以", "validFrom": "2026-01-01", "validUntil": "2026-02-28"}]'
    )
    lines = json.strip("[]")
    for name, text in {"a.yaml": yaml, "a.json": json, "a.jsonl": lines}.items():
        (entry,) = read(name, text).entries
        assert (entry.document, entry.valid_until) == ("s/a", date(2026, 2, 28))
        assert read(name, text, "FAQ").entries == [entry]


def test_cells_of_a_workbook_are_read_by_their_type(read: Reader) -> None:
    rows: list[list[object]] = [
        ["question", "answer", "validFrom"],
        ["Price?", 99.5, datetime(2026, 1, 1)],  # noqa: DTZ001 - a cell has no time zone
        ["Stock?", True, date(2026, 2, 1)],
    ]
    first, second = read("a.xlsx", made.workbook(rows)).entries
    assert (first.answer, first.valid_from) == ("99.5", date(2026, 1, 1))
    assert (second.answer, second.valid_from) == ("true", date(2026, 2, 1))


WRONG_ROWS = {
    "no answer": ("能退吗,,,", "answer: Field required"),
    "a day that is none": ("能退吗,可以,明天,", "validFrom: Value error, must be a day such as 2026-12-31"),
    "days that do not exist": ("能退吗,可以,2026-02-30,", "validFrom: Value error, day"),
    "days the wrong way round": ("能退吗,可以,2026-02-01,2026-01-01", "validFrom must not be after validUntil"),
}


@pytest.mark.parametrize("case", WRONG_ROWS)
def test_a_wrong_row_costs_itself_alone(read: Reader, case: str) -> None:
    row, reason = WRONG_ROWS[case]
    reading = read("faq.csv", f"question,answer,validFrom,validUntil\n{row}\nr,b,,\n")
    assert [entry.question for entry in reading.entries] == ["r"]
    (left,) = reading.omissions
    assert left.document == "s/faq.csv#2"
    assert reason in left.reason


def test_of_many_wrong_rows_the_first_are_named_and_all_are_counted(read: Reader) -> None:
    reading = read("faq.csv", "question,answer\n" + "q,\n" * 1_000)
    assert len(reading.omissions) == limits.OMISSIONS + 1
    assert reading.omissions[-1].reason.startswith(f"{1_000 - limits.OMISSIONS} more rows are wrong")


def test_a_record_a_document(read: Reader) -> None:
    text = "编号,名称,价格,说明,分类\nA-1,保温杯,99,304 不锈钢,杯具\nA-2,马克杯,39,,杯具\n"
    for data in (text.encode(), made.workbook([line.split(",") for line in text.splitlines()])):
        name = "goods.csv" if data == text.encode() else "goods.xlsx"
        first, second = read(name, data).pages
        assert (first.document, first.title, first.tags) == (f"s/{name}#A-1", "保温杯", ("杯具",))
        assert first.body == "价格: 99\n说明: 304 不锈钢"
        assert second.body == "价格: 39"


def test_declared_columns_win_over_guessed_ones(read: Reader) -> None:
    columns = Columns(id="sku", title="label", text=("note",), tags="kind")
    text = "sku,name,label,note,kind,question,answer\n7,x,The mug,Holds 300 ml.,cups,q,a\n"
    page = read.page("a.csv", text, columns=columns)
    assert (page.document, page.title, page.body, page.tags) == ("s/a.csv#7", "The mug", "Holds 300 ml.", ("cups",))


def test_a_declared_column_that_is_not_there_is_named_with_those_that_are(read: Reader) -> None:
    reading = read("a.csv", "sku,name\n1,x\n", columns=Columns(text=("说明",)))
    assert "has no column 说明, which the source's columns name; it has sku, name" in reading.omissions[0].reason


def test_a_record_without_an_id_is_named_by_its_content_not_its_place(read: Reader) -> None:
    def names(text: str) -> list[str]:
        return [page.document for page in read("a.csv", text).pages]

    before, after = names("name,note\nx,y\nz,w\n"), names("name,note\nnew,row\nx,y\nz,w\n")
    assert after[1:] == before


def test_json_records_with_inner_fields(read: Reader) -> None:
    text = '{"id": 1, "title": "保温杯", "spec": {"size": "300ml", "colours": ["白", "黑"]}, "sold": true, "x": null}\n'
    page = read.page("a.jsonl", text + "\n")
    assert page.title == "保温杯"
    assert page.body == "spec.size: 300ml\nspec.colours: 白, 黑\nsold: true"
    pretty = '{\n  "title": "Mug",\n  "note": "Blue"\n}'
    assert read.page("a.json", pretty).body == "note: Blue"


def test_lines_that_are_no_objects_are_named(read: Reader) -> None:
    reading = read("a.jsonl", '{"title": "a", "t": "b"}\nnot json\n[1]\n')
    assert len(reading.pages) == 1
    assert [left.document for left in reading.omissions] == ["s/a.jsonl#2", "s/a.jsonl#3"]


def test_a_declared_csv_holds_records_whatever_its_columns_are_called(read: Reader) -> None:
    reading = read("a.csv", "question,answer\nq,a\n", "CSV")
    assert (len(reading.entries), len(reading.pages)) == (0, 1)


REFUSED = {
    "no columns for questions": ("FAQ", "a.csv", "name,answer\nx,y\n", "has no column for the question; name one"),
    "two columns of one name": ("CSV", "a.csv", "a,a\n1,2\n", "two columns are called a"),
    "blank lines": ("CSV", "a.csv", ",,\n", "empty"),
    "no JSON": ("JSONL", "a.jsonl", "hello\nworld\n", "holds no JSON object"),
    "JSON nested without end": ("JSONL", "a.json", "[" * 100_000, "holds no JSON object"),
    "an unending cell": ("CSV", "a.csv", 'a,b\n"' + "x" * 200_000, "keep cells below 131072"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_is_refused_for(read: Reader, case: str) -> None:
    form, name, text, reason = REFUSED[case]
    assert reason in read.refusal(name, text, form)


def test_sheets_that_are_hidden_or_no_tables_are_named(read: Reader) -> None:
    book = made.workbook(
        [["question", "answer"], ["q", "a"]], [["a", "a"], ["1", "2"]], [["secret", "s"], ["x", "y"]], hidden=["Sheet3"]
    )
    reading = read("a.xlsx", book)
    assert len(reading.entries) == 1
    assert {left.document: left.reason.split(";")[0] for left in reading.omissions} == {
        "s/a.xlsx#Sheet2": "two columns are called a",
        "s/a.xlsx#Sheet3": "a hidden sheet",
    }
