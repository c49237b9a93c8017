import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu_serving.prompt.gate import UnknownGate, is_refusal

REFUSALS = [
    "[UNKNOWN]",
    "  [UNKNOWN] because the evidence is silent",
    "[unknown]",
    "UNKNOWN",
    "【UNKNOWN】",
    "[未知]",
    "抱歉，资料中没有提到这个问题。",
    "根据提供的资料，没有说明是否可以寄到新加坡。",
    "很抱歉，我无法根据现有资料回答您的问题。",
    "资料中没有关于线下门店的信息。请联系客服。",
    "对不起，我不知道。",
    "目前没有相关信息，建议联系客服",
    "Sorry, I don't know.",
    "I'm sorry, but the evidence does not mention shipping to Canada.",
    "The evidence does not provide information about eSIM.",
    "The provided documents do not mention it",
    "Based on the evidence, there is no information about the founder of Kuguo.",
    "I cannot answer that from the evidence.",
    "Unfortunately, the information is not provided in the evidence.",
]
ANSWERS = [
    "签收后 7 天内可以退货[1]。",
    "抱歉，生鲜水果不支持无理由退货[1]。",
    "根据规定，退款 3 个工作日内到账[1]。",
    "不可以，每单只能使用 1 张优惠券[1]。",
    "没有门槛，满 88 元包邮[1]。",
    "无法更改地址时，可以拒收后重新下单[1]。",
    "目前支持微信和支付宝[1]。",
    "Sorry, opened in-ear headphones cannot be returned [1].",
    "Unfortunately not: each order takes one coupon [1].",
    "According to the policy, it takes 3.5 days [1].",
    "I can confirm that it is free [1].",
    "No. You can use one code an order [1].",
    "Not after 7 days [1].",
    "It is not possible to return it [1].",
    "7 days [1].",
    "U",
    "[1] says 7 days.",
]


def run(text: str, cuts: list[int]) -> tuple[str, bool]:
    """Feeds the text cut at these places; returns what was shown, and whether it was a refusal."""
    gate = UnknownGate()
    places = sorted({0, len(text), *(c % (len(text) + 1) for c in cuts)})
    shown = "".join(gate.feed(text[a:b]) for a, b in itertools.pairwise(places))
    return shown + gate.close(), gate.unknown


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_recognised_and_none_of_it_is_shown(text: str) -> None:
    assert run(text, []) == ("", True)
    assert run(text, list(range(len(text)))) == ("", True)


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_is_shown_whole(text: str) -> None:
    assert run(text, []) == (text, False)
    assert run(text, list(range(len(text)))) == (text, False)


@given(st.sampled_from(REFUSALS + ANSWERS), st.lists(st.integers(0, 200)))
def test_the_outcome_does_not_depend_on_how_the_text_is_cut(text: str, cuts: list[int]) -> None:
    assert run(text, cuts) == run(text, [])


@given(st.text(max_size=300), st.lists(st.integers(0, 400)))
def test_no_text_is_lost_unless_it_is_a_refusal(text: str, cuts: list[int]) -> None:
    shown, unknown = run(text, cuts)
    assert (shown, unknown) == (text.lstrip(), False) or (shown, unknown) == ("", True)


@pytest.mark.parametrize("text", ["签收", "You", "7", "是"])
def test_a_plain_opening_flows_at_once(text: str) -> None:
    assert UnknownGate().feed(text) == text


def test_a_hedged_opening_waits_for_one_sentence_only() -> None:
    gate = UnknownGate()
    assert gate.feed("抱歉，生鲜不支持退货") == ""
    assert gate.feed("。但是") == "抱歉，生鲜不支持退货。但是"
    assert gate.feed("坏果可以赔") == "坏果可以赔"


def test_a_hedged_opening_without_an_end_is_released_in_time() -> None:
    gate = UnknownGate()
    shown = "".join(gate.feed("根据会员制度") for _ in range(50))
    assert shown and not gate.unknown


def test_a_capable_sentence_is_no_refusal_without_a_hedge() -> None:
    assert not is_refusal("We do not provide gift cards abroad [1].")
