"""What the API server refuses the command line, in its words and with a remedy."""

import json

import urllib3
from kubernetes.client.exceptions import ApiException

from kefu_operator.cli.errors import NotFound, Unreachable


class translated:  # noqa: N801 - reads as a verb where it is used
    """Turns the client's exceptions into the command line's."""

    def __init__(self, doing: str, namespace: str) -> None:
        """`doing`: what is tried, as in "you may not …"."""
        self._doing, self._namespace = doing, namespace

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raises NotFound where the API server refused, and Unreachable where it did not answer."""
        if isinstance(error, ApiException):
            raise NotFound(_advice(error, self._doing, self._namespace)) from error
        if isinstance(error, urllib3.exceptions.HTTPError):
            raise Unreachable(f"the API server of the current context does not answer: {error}") from error


def _advice(error: ApiException, doing: str, namespace: str) -> str:
    if error.status in (401, 403):
        return f"you may not {doing} in namespace {namespace}: ask for the right, or choose a --context"
    try:
        message = str(json.loads(error.body or "")["message"])
    except (TypeError, ValueError, KeyError):
        message = f"{error.status} {error.reason}"
    return f"the API server refused to {doing} in namespace {namespace}: {message}"
