"""What was asked for lately is kept, and no more than so much."""

from hypothesis import given
from hypothesis import strategies as st

from kefu_retrieval.lately import Lately

MOST = 8


@given(st.lists(st.integers(0, 20), max_size=200))
def test_it_never_gives_another_value_and_never_holds_more_than_the_most(keys: list[int]) -> None:
    lately: Lately[int, str] = Lately(MOST)
    for key in keys:
        assert lately.get(key) in (None, str(key))
        lately.put(key, str(key))
        assert lately.get(key) == str(key)
        assert len(lately) <= MOST


def test_what_is_asked_for_again_and_again_stays_and_the_rest_goes() -> None:
    lately: Lately[int, str] = Lately(MOST)
    lately.put(-1, "stays")
    for key in range(100):
        lately.put(key, str(key))
        assert lately.get(-1) == "stays"
    assert lately.get(0) is None
