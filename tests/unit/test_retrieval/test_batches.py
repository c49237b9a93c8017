"""Rows go to a server so many at a time that it is busy with them for a moment."""

import pytest

from kefu_retrieval.store.batches import FIRST, LEAST, MOST, SECONDS, next_size


@pytest.mark.parametrize(
    ("a_request", "a_row", "rows"), [(0.0, 0.002, 25), (0.01, 0.000_05, MOST), (0.5, 0.002, LEAST)]
)
def test_they_come_to_what_takes_a_moment(a_request: float, a_row: float, rows: int) -> None:
    size = FIRST
    for _ in range(20):
        size = next_size(size, a_request + size * a_row)
    assert size == rows
    assert size in (LEAST, MOST) or size * a_row <= SECONDS


def test_one_quick_answer_is_not_believed() -> None:
    assert next_size(FIRST, 0.0) == 2 * FIRST
