"""Errors of the demo.

DemoError
├── NotFit          this machine lacks something; the text says what to do
└── StepFailed      a program that the demo runs failed, and has said why itself
"""


class DemoError(Exception):
    """The demo cannot go on; the text is meant for the user."""

    exit_code = 1


class NotFit(DemoError):
    """This machine lacks something that the demo needs."""

    exit_code = 69


class StepFailed(DemoError):
    """A program that the demo runs failed."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code or 1
