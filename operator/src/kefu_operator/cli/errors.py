"""Errors of the command line: sentences for the user, with the exit code that scripts see.

CliError
├── NotValid
├── Unreachable
├── AskFailed
└── NotFound
"""

from kefu_operator.exits import FAILED, UNAVAILABLE


class CliError(Exception):
    """The command cannot do what was asked."""

    exit_code = FAILED


class NotValid(CliError):
    """The given files have findings."""


class NotFound(CliError):
    """What the command looked for does not exist."""


class AskFailed(CliError):
    """The gateway refused the question, or broke off the answer."""


class Unreachable(CliError):
    """A server, or the cluster, does not answer."""

    exit_code = UNAVAILABLE
