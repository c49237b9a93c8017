"""Tokens between services, as they are rotated under both sides."""

from pathlib import Path

import pytest

from kefu_api.token import HEADER, OVERLAP, TokenFile


class Clock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "key"


def replace(file: Path, text: str) -> None:
    """As the kubelet does: another inode, at once."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.rename(file)


def test_a_token_is_accepted_and_nothing_else_is(file: Path, clock: Clock) -> None:
    file.write_text("good\n")
    tokens = TokenFile(file, clock)
    assert tokens.accepts("good")
    assert tokens.accepts("other, good")
    for wrong in ("", ",", "goo", "good ly", "GOOD", "gööd", "a,b,good"):
        assert not tokens.accepts(wrong), wrong


def test_without_a_file_nobody_is_accepted_not_even_who_sends_nothing(file: Path, clock: Clock) -> None:
    tokens = TokenFile(file, clock)
    assert (tokens.headers(), tokens.accepts(""), tokens.accepts("good")) == ({}, False, False)
    file.write_text("  \n")
    clock.pass_by(2)
    assert not tokens.accepts("")


def test_the_former_token_is_good_until_every_pod_has_the_new_one(file: Path, clock: Clock) -> None:
    file.write_text("old")
    tokens = TokenFile(file, clock)
    assert tokens.accepts("old")
    replace(file, "new")
    clock.pass_by(2)
    assert tokens.headers() == {HEADER: "new,old"}
    assert tokens.accepts("old")
    clock.pass_by(OVERLAP - 1)
    assert tokens.accepts("old")
    clock.pass_by(2)
    assert not tokens.accepts("old")
    assert tokens.headers() == {HEADER: "new"}


def test_a_caller_and_a_service_that_see_the_change_at_different_times_understand_each_other(
    tmp_path: Path, clock: Clock
) -> None:
    first, second = tmp_path / "caller", tmp_path / "service"
    for each in (first, second):
        each.write_text("old")
    caller, service = TokenFile(first, clock), TokenFile(second, clock)
    for early in (first, second):
        assert service.accepts(caller.headers()[HEADER])
        replace(early, "new")
        clock.pass_by(90)
        assert service.accepts(caller.headers()[HEADER])


def test_a_file_that_goes_away_or_empties_changes_nothing(file: Path, clock: Clock) -> None:
    file.write_text("good")
    tokens = TokenFile(file, clock)
    assert tokens.accepts("good")
    replace(file, "")
    clock.pass_by(2 * OVERLAP)
    assert tokens.accepts("good")
    file.unlink()
    clock.pass_by(2 * OVERLAP)
    assert tokens.accepts("good")


def test_the_file_is_not_read_at_each_request(file: Path, clock: Clock) -> None:
    file.write_text("old")
    tokens = TokenFile(file, clock)
    assert tokens.accepts("old")
    replace(file, "new")
    assert not tokens.accepts("new")
    clock.pass_by(1.1)
    assert tokens.accepts("new")
