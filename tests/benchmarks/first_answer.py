"""From a clean clone to the first answer: what a new user waits for, timed by what `make demo` prints."""

import subprocess
import tempfile
from pathlib import Path

from tests.benchmarks import machine
from tests.benchmarks.effort import Effort
from tests.benchmarks.errors import Unavailable
from tests.benchmarks.report import Report, Table
from tests.benchmarks.transcript import Transcript, record

COMMAND = ("make", "demo")
SECONDS = 1_200

SERVING = "-m hack.demo local"
"""make echoes this command when the virtual environment is ready."""
QUESTION = "\n? "
"""The demo prints a question so, then the answer as it is written."""
RETRY = "asking again"
"""The demo says so when it got no answer; what it had printed of one does not count."""
END = "three answers after"

WHAT = """`git clone` of this checkout into an empty folder, then `make demo` twice, with the caches outside the checkout
as they were. Read off what the demo prints: when the virtual environment was ready, when everything was served and the
first question was put, when the first word of its answer was there, when three answers were, and how often a question
had to be asked again. Seconds since the clone began; the second run's since its own start."""

HEAD = (
    "",
    "clone",
    "venv ready",
    "first question put",
    "first word of the answer",
    "three answers",
    "all stopped",
    "asked again",
)


def run(effort: Effort) -> Report:
    """The demo's times, once if quick, else twice in one clone. Raises Unavailable without a demo, LoadFailed."""
    if not (machine.ROOT / "hack" / "demo" / "__main__.py").exists():
        raise Unavailable("there is no hack/demo in this checkout")
    with tempfile.TemporaryDirectory(prefix="kefu-clone-") as folder:
        clone = Path(folder) / "kefu"
        cloned = record(["git", "clone", "--quiet", str(machine.ROOT), str(clone)], Path(folder), {}, SECONDS)
        rows = [row("clean clone", _demo(clone), cloned.seconds)]
        if not effort.quick:
            rows.append(row("second time", _demo(clone), None))
        commit = _commit(clone)
    note = f"Commit {commit} as it is in git, whatever else lies in the checkout."
    return Report("First answer", WHAT, (Table("Seconds until", HEAD, tuple(rows)),), (note,))


def row(name: str, demo: Transcript, cloned: float | None) -> tuple[str, ...]:
    """One run as the table has it; `cloned` is how long the clone took, None where there was none."""
    before = cloned or 0.0
    times = (
        demo.when(SERVING),
        demo.when(QUESTION, after=SERVING),
        demo.word_after(QUESTION, QUESTION, RETRY),
        demo.when(END),
        demo.seconds,
    )
    cells = [f"{before + at:.1f}" for at in times]
    return (name, "–" if cloned is None else f"{cloned:.1f}", *cells, str(demo.text().count(RETRY)))


def _demo(clone: Path) -> Transcript:
    return record(COMMAND, clone, {"CI": "true"}, SECONDS)


def _commit(clone: Path) -> str:
    command = ["git", "-C", str(clone), "rev-parse", "--short=10", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
