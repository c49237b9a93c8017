import pytest

from tests.benchmarks import llamacpp
from tests.benchmarks.effort import QUICK
from tests.benchmarks.errors import Unavailable


def test_wheel_and_build_are_measured_in_turns() -> None:
    try:
        (table,) = llamacpp.run(QUICK).tables
    except Unavailable as missing:
        pytest.skip(str(missing))

    wheel, build = table.rows
    assert wheel[-3:] == ("1.00", "1.00", "1.00")
    assert all(float(cell) > 0 for cell in build[1:])
    assert len(table.head) == len(build)


def test_prompts_are_alike_in_length_and_not_in_their_beginning() -> None:
    texts = [llamacpp.prompt(number) for number in range(1, 10)]
    assert len({len(text) for text in texts}) == 1
    assert len({text[:20] for text in texts}) == 9
