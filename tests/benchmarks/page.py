"""`docs/benchmarks.md`: the last tables of every benchmark, each with the day, commit and machine it was taken on.

A section stands between two comments that name it, so that running one benchmark leaves the others' sections alone.
"""

import re
from pathlib import Path

from tests.benchmarks import machine
from tests.benchmarks.report import Report

PAGE = machine.ROOT / "docs" / "benchmarks.md"

_HEAD = """# Benchmarks

`make bench` takes these figures and writes this page; `python -m tests.benchmarks NAME` takes one of them. They are
never asserted by the clock: what counts is the ratio between subjects that were measured in one run, in turns, on one
machine.
"""


def write(page: Path, name: str, report: Report, load: float) -> None:
    """Puts the report in the place of the benchmark's former one, or at the end."""
    sections = _sections(page.read_text(encoding="utf-8")) if page.exists() else {}
    sections[name] = f"{report.text()}\n{stamp(load)}\n"
    body = "\n".join(f"<!-- {key} -->\n{text.strip()}\n<!-- /{key} -->\n" for key, text in sections.items())
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f"{_HEAD}\n{body}", encoding="utf-8")


def stamp(load: float) -> str:
    """When, of what and where the figures were taken, and what else was running."""
    busy = f"load average {load:.1f} before it began"
    return f"*{machine.today()}, commit {machine.commit()}; {machine.describe()}; {busy}.*"


def _sections(text: str) -> dict[str, str]:
    found = re.findall(r"<!-- ([\w-]+) -->\n(.*?)\n<!-- /\1 -->", text, re.DOTALL)
    return dict(found)
