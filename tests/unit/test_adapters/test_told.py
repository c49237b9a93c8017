"""What a companion prints: each change, and now and then what has not changed."""

from pathlib import Path

import pytest

from kefu_operator.adapters.cli import TELL_SECONDS, Companion
from kefu_operator.adapters.told import State, parse


def test_a_change_is_told_at_once_and_what_stays_once_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    now = 100.0
    companion = Companion(Path("adapters.json"), Path("into"), {}, lambda: now)
    nothing, voice = State(), State(frozenset({"voice"}))

    def told(state: State, after: float) -> list[State | None]:
        nonlocal now
        now += after
        companion.tell(state)
        return [parse(line) for line in capsys.readouterr().out.splitlines()]

    assert told(nothing, 0) == [nothing]
    assert told(nothing, 3) == []
    assert told(voice, 3) == [voice]
    assert told(voice, TELL_SECONDS - 1) == []
    assert told(voice, 1) == [voice]
    assert told(voice, 3) == []
