"""A check's answer, and how several become one."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Verdict(IntEnum):
    """From best to worst."""

    OK = 0
    DEGRADED = 1
    """It answers, and a part of it that should answer too cannot."""
    WAIT = 2
    """Under way; time will do."""
    FAIL = 3
    """Broken, and tried again; it may heal by itself."""
    STUCK = 4
    """Broken until a person does something."""

    @property
    def answers(self) -> bool:
        """Whether customers are served."""
        return self <= Verdict.DEGRADED


@dataclass(frozen=True)
class Check:
    """One answer."""

    verdict: Verdict
    reason: str
    message: str
    """One sentence: which leaf, why, and what to do."""


def ok(reason: str, message: str) -> Check:
    """All is well."""
    return Check(Verdict.OK, reason, message)


def degraded(reason: str, message: str) -> Check:
    """It answers, with less than there should be."""
    return Check(Verdict.DEGRADED, reason, message)


def wait(reason: str, message: str) -> Check:
    """Under way."""
    return Check(Verdict.WAIT, reason, message)


def fail(reason: str, message: str) -> Check:
    """Broken, may heal."""
    return Check(Verdict.FAIL, reason, message)


def stuck(reason: str, message: str) -> Check:
    """Broken, needs a person."""
    return Check(Verdict.STUCK, reason, message)


def worst(checks: Iterable[Check]) -> Check:
    """The worst answer; of equally bad ones the first.

    Raises:
        ValueError: there is none.
    """
    return max(checks, key=lambda check: check.verdict)
