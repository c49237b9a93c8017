"""Failures of a fetch.

FetchError
├── UriInvalid           permanent: the URI or another argument cannot be used
├── ChecksumMismatch     permanent: the bytes are not those that were asked for
├── NotFound             permanent: no such model, revision or file
├── Forbidden            permanent: a token is missing or refused
├── DiskFull             permanent until there is room
├── FolderUnwritable     permanent until the volume is writable
└── Unreachable          temporary: the source did not answer, or not usably
"""

from typing import ClassVar

from kefu_operator.fetch import reasons


class FetchError(Exception):
    """A fetch that failed. The message names the remedy."""

    reason: ClassVar[str]
    exit_code: ClassVar[int]
    """As sysexits.h has it."""
    temporary: ClassVar[bool] = False


class UriInvalid(FetchError):
    """The URI, or another argument, cannot be used as it is."""

    reason = reasons.MODEL_URI_INVALID
    exit_code = 64


class ChecksumMismatch(FetchError):
    """The bytes are not those that were asked for."""

    reason = reasons.MODEL_CHECKSUM_MISMATCH
    exit_code = 65


class NotFound(FetchError):
    """The source has no such model, revision or file."""

    reason = reasons.MODEL_NOT_FOUND
    exit_code = 66


class Unreachable(FetchError):
    """The source did not answer, or not usably."""

    reason = reasons.MODEL_UNREACHABLE
    exit_code = 69
    temporary = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds that the source asks to wait."""


class DiskFull(FetchError):
    """The volume has no room for the model."""

    reason = reasons.MODEL_DISK_FULL
    exit_code = 73


class FolderUnwritable(FetchError):
    """The folder cannot be written to."""

    reason = reasons.MODEL_FOLDER_UNWRITABLE
    exit_code = 73


class Forbidden(FetchError):
    """The source wants an access token, or another one."""

    reason = reasons.MODEL_FORBIDDEN
    exit_code = 77
