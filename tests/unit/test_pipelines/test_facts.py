import pytest

from kefu_pipelines.evaluation.facts import holds, holds_all


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        ("签收后 7 天内可以退货", "7天"),
        ("签收后7天内可以退货", "7 天"),
        ("签收后７天内可以退货", "7 天"),
        ("within Seven  Days of delivery", "seven days"),
        ("at most 1,000 yuan", "1000 yuan"),
        ("at most 1000 yuan", "1,000 yuan"),
        ("手续费 4.5％", "4.5%"),
        ("(7-day) returns", "7-day"),
        ("￥12", "¥12"),
        ("2 to 5 days, or 5 days", "5 days"),
    ],
)
def test_a_fact_is_found_however_it_is_written(answer: str, fact: str) -> None:
    assert holds(answer, fact)


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        ("within 15 days", "5 days"),
        ("within 1.5 days", "5 days"),
        ("十四天内", "四天"),
        ("twenty-seven days", "seven days"),
        ("运费 120", "运费 12"),
        ("运费 12.5", "运费 12"),
        ("4.55%", "4.5"),
        ("", "7 天"),
        ("7 天", ""),
        ("1,000,000 yuan", "1,000 yuan"),
    ],
)
def test_a_part_of_another_number_is_no_fact(answer: str, fact: str) -> None:
    assert not holds(answer, fact)


def test_every_group_needs_one_of_its_alternatives() -> None:
    groups = [["7 天", "7 days"], ["8 元", "8 yuan"]]
    assert holds_all("7 days and 8 yuan", groups)
    assert holds_all("7 天, 8 yuan", groups)
    assert not holds_all("7 days, 7 天", groups)
    assert holds_all("anything", [])
