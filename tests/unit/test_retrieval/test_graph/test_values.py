"""Numbers, ranges, yes and no, lists of models: read as shops write them."""

import pytest

from kefu_retrieval.graph import compatible, fields, words
from kefu_retrieval.graph.phrases import Phrases
from kefu_retrieval.graph.values import Value, value

READ = {
    "5000mAh": (5000, 5000, "mah"),
    "5 kg": (5000, 5000, "g"),
    "2.5 公斤": (2500, 2500, "g"),
    "3-7 天": (72, 168, "h"),
    "3 to 7 days": (72, 168, "h"),
    "48小时内": (48, 48, "h"),
    "两天内发货": (48, 48, "h"),
    "ships within two days": (48, 48, "h"),
    "3 个工作日": (72, 72, "h"),
    "¥1,299": (1299, 1299, "cny"),
    "1299元": (1299, 1299, "cny"),
    "$12.50": (12.5, 12.5, "usd"),
    "20,000 mAh": (20000, 20000, "mah"),
    "65W": (65, 65, "w"),
    "６５Ｗ": (65, 65, "w"),
    "1.2m": (1200, 1200, "mm"),
    "10-20元": (10, 20, "cny"),
    "12": (12, 12, ""),
}
FLAGS = {"支持": True, "不支持": False, "Yes": True, "no (dust only)": False, "IP68": True, "IPX0": False, "✓": True}
NEITHER = ("USB-C", "X200", "黑色", "")


@pytest.mark.parametrize("text", READ)
def test_reads_numbers_in_one_unit_for_each_dimension(text: str) -> None:
    found = value(text)
    assert (found.low, found.high, found.unit, found.flag) == (*map(pytest.approx, READ[text][:2]), READ[text][2], None)


@pytest.mark.parametrize("text", FLAGS)
def test_reads_yes_and_no(text: str) -> None:
    assert value(text).flag is FLAGS[text]


@pytest.mark.parametrize("text", NEITHER)
def test_leaves_names_as_they_are(text: str) -> None:
    assert value(text) == Value(text)


def test_a_column_may_hold_the_unit() -> None:
    assert fields.read("重量(g)", "198") == Value("198 g", 198.0, 198.0, "g")
    assert fields.read("Price [USD]", "12").unit == "usd"
    assert fields.read("重量(g)", "0.2 kg").low == pytest.approx(200)


def test_columns_of_one_meaning_have_one_key() -> None:
    names = ("电池容量(mAh)", "Battery capacity", "specs.battery_capacity", "电池")
    assert {words.key_of(name) for name in names} == {"battery"}
    assert words.key_of("针脚数") == "针 脚 数"


LISTED = {
    "X200、X300 Pro": [("x200", True), ("x300 pro", True)],
    "X200/X200 Pro, A5": [("x200", True), ("x200 pro", True), ("a5", True)],
    "iPhone 15 and iPhone 15 Pro": [("iphone 15", True), ("iphone 15 pro", True)],
    "X200和A5": [("x200", True), ("a5", True)],
    "X200 系列": [("x200", True)],
    "X200、X300(不支持 A3)": [("x200", True), ("x300", True), ("a3", False)],
    "All phones except A3": [("phones", True), ("a3", False)],
    "通用": [("*", True)],
}
SAID = {
    "这款充电器适用于 X200 和 X300。不兼容 A3。": [("x200", True), ("x300", True), ("a3", False)],
    "Fits the X200 and A5. Not compatible with A3.": [("x200", True), ("a5", True), ("a3", False)],
    "It doesn't fit A7.": [("a7", False)],
    "颜色好看，手感好。": [],
}


@pytest.mark.parametrize("cell", LISTED)
def test_reads_lists_of_models(cell: str) -> None:
    assert list(compatible.listed(cell)) == LISTED[cell]


@pytest.mark.parametrize("text", SAID)
def test_reads_what_sentences_say_of_fitting(text: str) -> None:
    assert list(compatible.said(text)) == SAID[text]


def test_fields_are_lines_with_a_colon_and_rows_of_tables() -> None:
    text = "类别: 充电器\n- **Battery**: 5000mAh\n9:30 开门\nhttp://example.com\n\n| 商品 | 退货 |\n|---|---|\n| 手机 | 可以 |\n| a \\| b | |"
    assert fields.lines(text) == [("类别", "充电器"), ("Battery", "5000mAh")]
    assert list(fields.tables(text)) == [fields.Table(("商品", "退货"), (("手机", "可以"), ("a | b", "")))]


def test_the_longest_phrase_is_found() -> None:
    phrases = Phrases(
        [("手机", "phone"), ("手机壳", "case"), ("x200", "x200"), ("x200 pro", "pro"), ("phone case", "case")]
    )
    found = phrases.find("X200 Pro 的手机壳, 不要手机；phone cases for the X200充电")
    assert [mention.meanings[0] for mention in found] == ["pro", "case", "phone", "case", "x200"]
    assert phrases.find("x") == []
