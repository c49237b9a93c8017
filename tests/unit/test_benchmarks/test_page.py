from pathlib import Path

from tests.benchmarks import page
from tests.benchmarks.report import Report, Table


def a_report(figure: str) -> Report:
    return Report("Title", "What.", (Table("Caption", ("", "ms"), (("a", figure), ("你好", "10"))),), ("A note.",))


def test_a_table_is_aligned_also_with_wide_letters() -> None:
    assert a_report("1").tables[0].lines() == [
        "|      | ms |",
        "|------|---:|",
        "| a    |  1 |",
        "| 你好 | 10 |",
    ]


def test_a_benchmark_that_is_run_again_replaces_its_own_section_only(tmp_path: Path) -> None:
    kept = tmp_path / "docs" / "page.md"
    page.write(kept, "one", a_report("1111"), 0.0)
    page.write(kept, "two-b", a_report("2222"), 0.0)
    page.write(kept, "one", a_report("3333"), 0.0)

    text = kept.read_text()
    assert "1111" not in text
    assert text.index("3333") < text.index("2222")
    assert text.count("# Benchmarks\n") == 1


def test_the_stamp_says_where_and_when() -> None:
    stamp = page.stamp(1.25)

    assert all(word in stamp for word in ("commit", "cores", "GiB", "Python 3", "load average 1.2"))
