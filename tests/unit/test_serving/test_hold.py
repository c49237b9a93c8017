import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kefu_serving.prompt.hold import SupportGate
from kefu_serving.prompt.passages import Passage
from kefu_serving.prompt.reply import Reply
from tests.unit.test_serving.doubles import hit

TEXTS = (
    "签收后 7 天内可以无理由退货，商品需保持完好。",
    "无理由退货的运费由顾客承担，上门取件每单 10 元。",
    "Gift wrapping costs 15 yuan an item.",
)
PASSAGES = [Passage(n, hit(n, text=text, title="t"), text) for n, text in enumerate(TEXTS, start=1)]

CASES = {
    "a supported answer": ("[1] 签收后 7 天内可以退货。", "签收后 7 天内可以退货。[1]", False),
    "two sentences of two passages": (
        "[1] 签收后 7 天内可以退货。[2] 上门取件每单 10 元。",
        "签收后 7 天内可以退货。[2] 上门取件每单 10 元。[1]",
        False,
    ),
    "a figure of the wrong passage": ("[2] 签收后 7 天内可以退货。", "", True),
    "an invented figure": ("[1] 签收后 30 天内可以退货。", "", True),
    "without a citation any passage will do": ("上门取件每单 10 元。", "上门取件每单 10 元。", False),
    "without a citation, of no passage": ("每单 99 元。", "", True),
    "a second sentence that is made up": (
        "[1] 签收后 7 天内可以退货。我们赠送 3 张优惠券。每单 10 元。",
        "签收后 7 天内可以退货。[1]",
        True,
    ),
    "a last sentence that is made up, without an end": (
        "签收后 7 天内可以退货[1]。我们赠送 3 张优惠券[2]",
        "签收后 7 天内可以退货[1]。",
        True,
    ),
    "a yes shares the fate of what follows": ("[1] 可以的。签收后 30 天内可以退货。", "", True),
    "only a yes": ("[1] 可以的。", "可以的。[1]", False),
    "no end": ("[1] 签收后 7 天内可以退货", "签收后 7 天内可以退货[1]", False),
    "a decimal point is no end": ("[3] It costs 15.0 yuan.", "It costs 15.0 yuan.[3]", False),
    "a list": ("[3] Gift wrapping:\n1. costs 15 yuan\n", "Gift wrapping:\n1. costs 15 yuan\n[3]", False),
}
SLIPS = {
    "the words are another passage's, and on the subject": ("[1] 上门取件每单 10 元。", "上门取件每单 10 元。[2]"),
    "without an end": ("[3] 上门取件每单 10 元", "上门取件每单 10 元[2]"),
    "a stray sentence follows": ("[1] 上门取件每单 10 元。赠送 3 张优惠券。", "上门取件每单 10 元。[2]"),
    "another passage's, but on another subject": ("[2] 签收后 7 天内商品需保持完好。", ""),
}


@pytest.mark.parametrize("case", SLIPS)
def test_a_slip_in_the_number_is_put_right(case: str) -> None:
    text, shown = SLIPS[case]
    assert run(text, [], "上门取件多少钱")[0] == shown
    assert run(text, list(range(len(text))), "上门取件多少钱")[0] == shown


def run(text: str, cuts: list[int], question: str = "能退吗") -> tuple[str, bool, bool]:
    """Feeds the text cut at these places; returns what was shown, whether it was refuted, and whether anything was said."""
    reply, gate = Reply(len(PASSAGES)), SupportGate(PASSAGES, question)
    places = sorted({0, len(text), *(c % (len(text) + 1) for c in cuts)})
    shown = ""
    for start, end in zip(places, [*places[1:], len(text)], strict=True):
        shown += gate.feed(reply.feed(text[start:end]), reply.leading)
        if reply.over or gate.refuted:
            break
    shown += gate.close(reply.close(), reply.leading)
    return shown, gate.refuted, gate.said


@pytest.mark.parametrize("case", CASES)
def test_only_sentences_that_are_borne_out_are_shown(case: str) -> None:
    text, shown, refuted = CASES[case]
    assert run(text, []) == (shown, refuted, bool(shown))
    assert run(text, list(range(len(text)))) == (shown, refuted, bool(shown))


@example(["[2] ", "[1]", "签收后 7 天", "。"], [3])
@given(
    st.lists(
        st.sampled_from(["[1]", "[2] ", "签收后 7 天", "可以退货", "。", "30 元", "可以。", ". ", "Yes", "\n"]),
        max_size=14,
    ),
    st.lists(st.integers(0, 90)),
)
def test_what_is_shown_does_not_depend_on_how_the_words_are_cut(parts: list[str], cuts: list[int]) -> None:
    shown, refuted, said = run("".join(parts), cuts)
    assert (shown, refuted, said) == run("".join(parts), [])
    assert "30" not in shown
    assert said is bool(shown.strip())


def test_a_sentence_is_shown_before_the_next_begins() -> None:
    gate = SupportGate(PASSAGES, "能退吗")
    assert [gate.feed(piece, [1]) for piece in ("签收后 7 天", "内可以退货", "。", "运费")] == [
        "",
        "",
        "签收后 7 天内可以退货。",
        "",
    ]


@pytest.mark.parametrize(("text", "meant"), [("[2] 每单 99 元。", 2), ("每单 99 元[3]。", 3), ("每单 99 元。", 1)])
def test_the_passage_to_quote_is_the_one_that_was_cited_else_the_best(text: str, meant: int) -> None:
    reply, gate = Reply(len(PASSAGES)), SupportGate(PASSAGES, "多少钱")
    gate.feed(reply.feed(text), reply.leading)
    assert gate.refuted and gate.meant.number == meant
