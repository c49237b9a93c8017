from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu_serving.prompt.figures import claimed, offered

CLAIMS = {
    "digits": ("签收后 7 天内，每单 10 元", {"7", "10"}),
    "full-width digits": ("扣除商品价格的 ８％", {"8"}),
    "separators of thousands": ("orders over 1,000 yuan or 12,345,678", {"1000", "12345678"}),
    "a list of two figures is no thousand": ("1,2 or 3", {"1", "2", "3"}),
    "a decimal is one figure": ("the fee is 4.5%.", {"4.5"}),
    "a trailing zero changes nothing": ("4.50 元", {"4.5"}),
    "clock times": ("9:00–18:30", {"9", "0", "18", "30"}),
    "Chinese numerals before a unit": ("七天内，两个工作日，二十一天，三万元", {"7", "2", "21", "30000"}),
    "a Chinese percentage": ("收取百分之八", {"8"}),
    "Chinese numerals that count nothing": ("一般十分方便，万一有问题", set()),
    "English counting words": ("two weeks, but not one day", {"2"}),
    "a list's own number": ("2. Open the app", set()),
    "no list, but a decimal": ("2.5 kg", {"2.5"}),
    "none": ("Yes, it leaves today.", set()),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_a_sentence_claims_its_figures_however_they_are_written(case: str) -> None:
    text, figures = CLAIMS[case]
    assert claimed(text) == {Decimal(figure) for figure in figures}


@given(st.text(alphabet="0123456789,.一二三十百千万两零天元 twoen%，。１２", max_size=40))
def test_a_text_vouches_for_all_that_it_claims(text: str) -> None:
    assert claimed(text) <= offered(text)


@pytest.mark.parametrize(
    ("text", "figure"), [("每个订单限用一张", "1"), ("十二期免息", "12"), ("only one coupon", "1")]
)
def test_a_source_vouches_for_numerals_without_a_unit_too(text: str, figure: str) -> None:
    assert Decimal(figure) in offered(text)


@pytest.mark.parametrize(
    ("text", "value"), [("一百零五", 105), ("二〇二六", 2026), ("一万两千三百", 12300), ("十", 10)]
)
def test_chinese_numerals_have_their_value(text: str, value: int) -> None:
    assert claimed(f"{text}元") == {Decimal(value)}
