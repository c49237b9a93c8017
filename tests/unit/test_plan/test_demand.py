"""What chatbots that share an engine demand of it together."""

import pytest

from kefu_operator.plan.demand import Demand, together

Wanted = list[tuple[Demand | None, int]]

CASES: dict[str, tuple[Wanted, Demand | None]] = {
    "nobody asks for scaling": ([(None, 1), (None, 3)], None),
    "one alone gets what it asks for": ([(Demand(1, 8, 4, "0.8", 60), 1)], Demand(1, 8, 4, "0.8", 60)),
    "upper bounds add up, and the higher lower bound holds": (
        [(Demand(1, 4, 4), 1), (Demand(3, 5, 4), 1)],
        Demand(3, 9, 4),
    ),
    "the strictest signals count, whoever names them": (
        [(Demand(1, 1, 8, "0.9"), 1), (Demand(1, 1, None, "0.85"), 1), (Demand(1, 1, 2), 1)],
        Demand(1, 3, 2, "0.85"),
    ),
    "all wait for the one that waits longest": (
        [(Demand(1, 1, 4, None, 60), 1), (Demand(1, 1, 4, None, 600), 1)],
        Demand(1, 2, 4, None, 600),
    ),
    "one that never goes to zero keeps the engine": (
        [(Demand(1, 1, 4, None, 60), 1), (Demand(1, 1, 4), 1)],
        Demand(1, 2, 4),
    ),
    "one that asks for a fixed number has it always": (
        [(Demand(1, 4, 4, None, 60), 1), (None, 2)],
        Demand(2, 6, 4),
    ),
    "one that was scaled to zero by hand keeps nobody awake": (
        [(Demand(1, 4, 4, None, 60), 1), (None, 0)],
        Demand(1, 4, 4, None, 60),
    ),
}


@pytest.mark.parametrize(("wanted", "expected"), CASES.values(), ids=CASES.keys())
def test_together(wanted: Wanted, expected: Demand | None) -> None:
    assert together(wanted) == expected
