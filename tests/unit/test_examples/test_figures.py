import pytest

from .figures import chinese, figures


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("签收后七天内，运费十二元", {"7", "12"}),
        ("每单 1 次，满 1000 元", {"1", "1000"}),
        ("1,000 yuan once, 4.5% twice", {"1000", "1", "4.5", "2"}),
        ("at 24:00 on 31 December", {"24", "00", "31", "12"}),
        ("3–5 working days", {"3", "5"}),
        ("一起寄回，统一处理", set()),
    ],
)
def test_figures_are_read_in_both_languages(text: str, expected: set[str]) -> None:
    assert figures(text) == expected


@pytest.mark.parametrize(
    ("numeral", "value"), [("七", 7), ("十", 10), ("十五", 15), ("二十", 20), ("四十八", 48), ("两", 2)]
)
def test_chinese_numerals_have_values(numeral: str, value: int) -> None:
    assert chinese(numeral) == value


def test_a_numeral_beyond_one_hundred_is_refused() -> None:
    with pytest.raises(ValueError, match="百"):
        chinese("一百")
