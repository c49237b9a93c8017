from pathlib import Path

from tests.benchmarks import page
from tests.benchmarks.effort import QUICK
from tests.benchmarks.gateway import benchmark, tables, wrk


def test_every_subject_is_measured_in_every_way(tmp_path: Path) -> None:
    report = benchmark.run(QUICK)

    for table in report.tables:
        names = [row[0] for row in table.rows]
        assert {tables.DIRECT, tables.RELAY, "kefu /v1/chat", "kefu /v1/chat/completions"} <= set(names)
        assert any(name.startswith("vllm-router") for name in (*names, *report.notes))
        assert all(len(row) == len(table.head) for row in table.rows)
    whole = {row[0]: row for row in report.tables[0].rows}
    assert all(float(row[1].replace(",", "")) > 0 for row in whole.values())
    assert whole[tables.RELAY][-2:] == ("1.00", "1.00")
    assert any(("wrk," in note or "load of" in note.lower()) for note in report.notes)

    kept = tmp_path / "benchmarks.md"
    page.write(kept, "gateway", report, 0.5)
    assert "| kefu /v1/chat " in kept.read_text()
    assert wrk.installed() or "wrk is not installed" in kept.read_text()
