"""Why a push is refused, each with its HTTP status.

PushRefused
├── Unsigned     401  no valid signature, or too old
├── Conflict     409  its id was used for another body, or it would leave the source empty
├── TooLarge     413  the body, or one document, is over a limit
├── Malformed    400  the body is no change
└── Unavailable  503  the volume cannot be written now
"""

from typing import ClassVar


class PushRefused(Exception):
    """Root of the tree."""

    status: ClassVar[int]

    @property
    def reason(self) -> str:
        """The class's name: stable, CamelCase."""
        return type(self).__name__


class Unsigned(PushRefused):
    """No valid signature, or too old."""

    status = 401


class Conflict(PushRefused):
    """Its id was used for another body, or it would leave the source empty."""

    status = 409


class TooLarge(PushRefused):
    """The body, or one document, is over a limit."""

    status = 413


class Malformed(PushRefused):
    """The body is no change."""

    status = 400


class Unavailable(PushRefused):
    """The volume cannot be written now."""

    status = 503
