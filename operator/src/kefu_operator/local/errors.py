"""Errors of local mode: each is one sentence that says what went wrong and what to do, and the exit code that goes with it.

LocalError
├── InputInvalid
├── StateInUse
├── PortTaken
├── DiskFull
├── ProgramMissing
├── EncoderMissing
├── NoInstance
└── StepFailed
"""

from kefu_operator.exits import CANNOT_CREATE, FAILED, UNAVAILABLE


class LocalError(Exception):
    """Local mode cannot go on; the text is meant for the user."""

    exit_code = FAILED


class InputInvalid(LocalError):
    """The YAML files do not describe something that can be served here."""


class StateInUse(LocalError):
    """Another `kefu run` holds the state folder."""

    exit_code = UNAVAILABLE


class PortTaken(LocalError):
    """Another program listens on the port that was asked for."""

    exit_code = UNAVAILABLE


class DiskFull(LocalError):
    """There is no space left for what must be written."""

    exit_code = CANNOT_CREATE


class ProgramMissing(LocalError):
    """A program or package that a workload needs is not installed."""

    exit_code = UNAVAILABLE


class EncoderMissing(LocalError):
    """The sentence encoder of the builtin embedding is not on this machine."""

    exit_code = UNAVAILABLE


class NoInstance(LocalError):
    """No running instance was found where a command looked for one."""

    exit_code = UNAVAILABLE


class StepFailed(LocalError):
    """A program that was to run to completion did not; `temporary` says whether trying again can help."""

    def __init__(self, reason: str, message: str, *, temporary: bool) -> None:
        super().__init__(message)
        self.reason = reason
        self.temporary = temporary
        self.exit_code = UNAVAILABLE if temporary else FAILED
