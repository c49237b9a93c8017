import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu_serving.prompt.citing import CitationFilter

CASES = {
    "a citation is kept": ("7 days [1].", "7 days [1].", [1]),
    "each number is noted once, in order": ("a [2] b [1] c [2]", "a [2] b [1] c [2]", [2, 1]),
    "numbers that name no evidence are dropped": ("a [7][1] b [0]", "a [1] b ", [1]),
    "Chinese brackets are made uniform": ("7 天【1】。", "7 天[1]。", [1]),
    "a leading citation is moved to the end": ("[2] It is 7 days.", "It is 7 days.[2]", [2]),
    "a leading citation that is repeated stays where it is repeated": (" [2]  7 days [2].", "7 days [2].", [2]),
    "a leading citation of nothing is dropped": ("【9】 7 days.", "7 days.", []),
    "a leading list is moved too": ("[1][3] 7 days.", "7 days.[1][3]", [1, 3]),
    "leading brackets of other kinds stay": ("[note] [1] x", "[note] [1] x", [1]),
    "lists are taken apart": ("a [1, 3，2] b", "a [1][3][2] b", [1, 3, 2]),
    "other brackets are text": ("size [L/XL] and [see page]", "size [L/XL] and [see page]", []),
    "long brackets are text": ("[this is a very long bracket] [1]", "[this is a very long bracket] [1]", [1]),
    "nested brackets do not confuse it": ("x [[1]]", "x [[1]]", [1]),
    "an open bracket at the end is text": ("a [1", "a [1", []),
    "the marker ends the answer": ("It is 7 days [1]. [UNKNOWN] more", "It is 7 days [1]. ", [1]),
    "half a marker at the end is cut": ("It is so. [UNKN", "It is so. ", []),
}


def run(text: str, cuts: list[int], count: int = 3) -> tuple[str, list[int]]:
    """Feeds the text cut at these places; returns what was shown and cited."""
    citing = CitationFilter(count)
    places = sorted({0, len(text), *(c % (len(text) + 1) for c in cuts)})
    shown = "".join(citing.feed(text[a:b]) for a, b in itertools.pairwise(places))
    return shown + citing.close(), citing.cited


@pytest.mark.parametrize("case", CASES)
def test_citations(case: str) -> None:
    text, shown, cited = CASES[case]
    assert run(text, []) == (shown, cited)
    assert run(text, list(range(len(text)))) == (shown, cited)


@given(st.text(alphabet="ab1234, [],【】UNKOW", max_size=60), st.lists(st.integers(0, 60)))
def test_the_result_does_not_depend_on_how_the_text_is_cut(text: str, cuts: list[int]) -> None:
    assert run(text, cuts) == run(text, [])


@given(st.text(max_size=200).filter(lambda t: not set(t) & set("[]【】")))
def test_text_without_brackets_is_untouched(text: str) -> None:
    assert run(text, [5, 9]) == (text.lstrip(), [])


@given(st.text(alphabet="ab1234, []", max_size=60))
def test_only_evidence_that_exists_is_ever_cited(text: str) -> None:
    assert set(run(text, [])[1]) <= {1, 2, 3}
