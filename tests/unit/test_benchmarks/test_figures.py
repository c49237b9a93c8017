import pytest

from tests.benchmarks import reconcile
from tests.benchmarks.errors import LoadFailed
from tests.benchmarks.gateway import tables
from tests.benchmarks.gateway.figures import Figures, Streams, Whole, percentile


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3.0], 0.99, 3.0), ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0), ([float(n) for n in range(1, 101)], 0.99, 99.0)],
)
def test_a_percentile_is_one_of_the_values(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def figures(rate: float, first: float) -> Figures:
    whole = [Whole(rate * n, rate * n, 0.001, 0.002) for n in (1, 2, 9)]
    streams = [Streams(first, first * 2, 20e-6)]
    return Figures(whole, streams, streams, 40_000_000)


def test_ratios_are_of_medians_against_the_relay() -> None:
    measured = {tables.DIRECT: figures(400, 0.001), tables.RELAY: figures(100, 0.002), "kefu": figures(50, 0.004)}

    whole, spread, burst = tables.report(measured, True, ["A note."], 2).tables

    assert whole.rows[2][:3] == ("kefu", "100", "100")
    assert whole.rows[2][-2:] == ("0.50", "2.00")
    assert spread.rows[0][3:5] == ("–", "–")
    assert spread.rows[2] == ("kefu", "4.00", "8.00", "3.00", "6.00", "20.0", "1.00")
    assert burst.rows[2][3] == "3.00"


def test_the_operator_s_table_is_taken_from_what_its_driver_prints() -> None:
    report = reconcile.report(["starting", "| | seconds |", "|---|--:|", "| last child | 3.1 |", "- A note."])

    assert report.tables[0].rows == (("last child", "3.1"),)
    assert report.notes == ("A note.",)


def test_a_driver_without_a_table_has_failed() -> None:
    with pytest.raises(LoadFailed, match="nothing here"):
        reconcile.report(["nothing here"])
