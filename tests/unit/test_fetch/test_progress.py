"""Progress lines."""

from typing import Any

from kefu_operator.fetch.progress import Progress


def test_files_add_up_and_the_rest_is_timed_by_what_arrived() -> None:
    events: list[dict[str, Any]] = []
    now = [0.0]
    progress = Progress(events.append, lambda: now[0])
    progress.expect("a", 1000, done=1000)
    progress.expect("b", 3000)
    for now[0] in (1.0, 2.0, 3.0, 4.0):
        progress.receive("b", 250)
    assert events == [{"event": "progress", "done": 1750, "total": 4000, "percent": 43, "seconds_left": 9}]


def test_an_unknown_size_has_no_percentage() -> None:
    events: list[dict[str, Any]] = []
    progress = Progress(events.append, lambda: 0.0)
    progress.expect("a", None)
    progress.tell()
    assert events == [{"event": "progress", "done": 0, "total": None}]


def test_a_file_that_starts_over_is_not_counted_twice() -> None:
    events: list[dict[str, Any]] = []
    progress = Progress(events.append, lambda: 0.0)
    progress.expect("a", 100)
    progress.receive("a", 60)
    progress.expect("a", 100)
    progress.receive("a", 100)
    progress.tell()
    assert events[0]["percent"] == 100
