import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu_serving.prompt.reply import Reply

CASES = {
    "an answer that begins with its number": ("[1] 签收后 7 天内可以退货。", "签收后 7 天内可以退货。[1]", False),
    "an answer that ends with its number": ("Within 7 days [2].", "Within 7 days [2].", False),
    "the marker": ("[UNKNOWN]", "", True),
    "the marker after a number": ("[1] [UNKNOWN]", "", True),
    "the marker in Chinese brackets": ("【UNKNOWN】", "", True),
    "a number and then a refusal in words": ("[1] 抱歉，资料中没有提到这一点。", "", True),
    "only a number": ("[1]", "", True),
    "nothing": ("", "", True),
    "only blanks": (" \n ", "", True),
    "an answer and then the marker": ("7 days [1]. [UNKNOWN]", "7 days [1]. ", False),
    "an apology that answers": ("[1] 抱歉，生鲜不支持退货。", "抱歉，生鲜不支持退货。[1]", False),
}


def run(text: str, cuts: list[int]) -> tuple[str, bool]:
    """Feeds the text cut at these places; returns what was shown, and whether it was a refusal."""
    reply = Reply(2)
    places = sorted({0, len(text), *(c % (len(text) + 1) for c in cuts)})
    shown = ""
    for start, end in zip(places, [*places[1:], len(text)], strict=True):
        shown += reply.feed(text[start:end])
        if reply.over:
            break
    return shown + reply.close(), reply.unknown


@pytest.mark.parametrize("case", CASES)
def test_a_reply_is_an_answer_or_a_refusal(case: str) -> None:
    text, shown, unknown = CASES[case]
    assert run(text, []) == (shown, unknown)
    assert run(text, list(range(len(text)))) == (shown, unknown)


@given(st.text(alphabet="[]12 UNKOW抱歉，没有提到。七天.", max_size=40), st.lists(st.integers(0, 60)))
def test_a_reply_does_not_depend_on_how_it_is_cut_and_never_shows_the_marker(text: str, cuts: list[int]) -> None:
    shown, unknown = run(text, cuts)
    assert (shown, unknown) == run(text, [])
    assert "[UNKNOWN]" not in shown
    assert not (unknown and shown)
