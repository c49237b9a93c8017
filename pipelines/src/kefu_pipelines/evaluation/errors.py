"""Errors of the evaluation.

EvaluationError
├── GoldenInvalid
└── ServiceUnreachable
"""


class EvaluationError(Exception):
    """The evaluation cannot be done; the text is meant for the user."""

    exit_code = 1


class GoldenInvalid(EvaluationError):
    """The golden set cannot be read."""


class ServiceUnreachable(EvaluationError):
    """The gateway or the retrieval service does not answer, or refuses."""

    exit_code = 69
