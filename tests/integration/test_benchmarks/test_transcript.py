import sys
from pathlib import Path

import pytest

from tests.benchmarks import first_answer
from tests.benchmarks.errors import LoadFailed
from tests.benchmarks.transcript import Transcript, record
from tests.integration.test_serving.servers import eventually

DEMO = """
import sys, time
print("python -m hack.demo local", flush=True); time.sleep(0.1)
print("? 收到货后几天内可以退货？", flush=True); time.sleep(0.1)
for word in ("七天", "内可以。\\n"):
    sys.stdout.write(word); sys.stdout.flush(); time.sleep(0.1)
print("? How soon?\\nSoon.\\nthree answers after 0.5 s", flush=True); time.sleep(0.1)
"""


def test_the_steps_of_a_demo_are_seen_in_their_order(tmp_path: Path) -> None:
    row = first_answer.row("clean", record([sys.executable, "-c", DEMO], tmp_path, {}, 60), 1.0)

    times = [float(cell) for cell in row[2:-1]]
    assert row[:2] == ("clean", "1.0")
    assert times == sorted(times)
    assert times[-1] >= 1.5
    assert row[-1] == "0"
    assert len(row) == len(first_answer.HEAD)


def test_the_first_word_counts_and_not_the_whole_line(tmp_path: Path) -> None:
    shown = record([sys.executable, "-c", DEMO], tmp_path, {}, 60)

    assert shown.word_after("? ", "\n? ", "again") < shown.when("内可以。")


def test_what_came_before_a_question_was_asked_again_is_no_answer() -> None:
    pieces = ((1.0, "run\n? a\n"), (2.0, "not now\nasking again\n"), (3.0, "7"), (4.0, " days\n"), (5.0, "\n? b\n"))

    assert Transcript(pieces, 6.0).word_after("\n? ", "\n? ", "asking again") == 3.0
    assert Transcript(pieces, 6.0).word_after("\n? ", "\n? ", "never said") == 2.0
    with pytest.raises(LoadFailed, match="nothing was printed"):
        Transcript(pieces, 6.0).word_after("? a", "not", "again")


def test_a_demo_that_fails_is_shown(tmp_path: Path) -> None:
    with pytest.raises(LoadFailed, match=r"status 3:\nport 8080 is in use"):
        record([sys.executable, "-c", "print('port 8080 is in use'); raise SystemExit(3)"], tmp_path, {}, 60)


def test_a_demo_that_says_something_else_is_shown(tmp_path: Path) -> None:
    shown = record([sys.executable, "-c", "print('? a\\nno end')"], tmp_path, {}, 60)

    with pytest.raises(LoadFailed, match="no end"):
        shown.when("three answers")


def test_a_demo_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    script = "import pathlib, subprocess; c = subprocess.Popen(['sleep', '600'])\n"
    script += "pathlib.Path('pid').write_text(str(c.pid)); print('begun', flush=True); c.wait()"

    with pytest.raises(LoadFailed, match=r"not done within 5 s:\nbegun"):
        record([sys.executable, "-c", script], tmp_path, {}, 5)

    eventually(lambda: not _runs(int((tmp_path / "pid").read_text())))


def _runs(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
