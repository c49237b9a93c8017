"""Names under keys: the same as sets, whatever their number."""

from hypothesis import given
from hypothesis import strategies as st

from kefu_operator.informers.names import FEW, Names
from tests.unit.traced import traced

STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.integers(0, 3 * FEW)), max_size=200)


@given(STEPS)
def test_they_are_what_sets_would_be(steps: list[tuple[bool, int, int]]) -> None:
    names: Names[int] = Names()
    sets: dict[int, set[str]] = {}
    for adds, key, number in steps:
        name = f"bot-{number}"
        if adds:
            names.add(key, name)
            sets.setdefault(key, set()).add(name)
        else:
            names.discard(key, name)
            sets.get(key, set()).discard(name)
        assert names.under(key) == sorted(sets.get(key, ()))


def test_a_thousand_keys_of_one_name_each_take_less_than_half_of_what_sets_take() -> None:
    texts = [f"bot-{number}" for number in range(1000)]

    def filled() -> Names[str]:
        names: Names[str] = Names()
        for text in texts:
            names.add(text, text)
        return names

    assert traced(filled).left < traced(lambda: {text: {text} for text in texts}).left / 2


def test_a_key_without_names_is_forgotten() -> None:
    names: Names[str] = Names()
    for number in range(2 * FEW):
        names.add("key", f"bot-{number}")
    for number in range(2 * FEW):
        names.discard("key", f"bot-{number}")
    assert names.under("key") == []
    assert not names
