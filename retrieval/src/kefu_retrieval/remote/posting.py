"""One request with a JSON body, and what its failures are called."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from kefu_retrieval.errors import PermanentError, TemporaryError
from kefu_retrieval.remote.client import Remote

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may pass."""
TOO_MUCH = frozenset({400, 413, 422})
"""What servers answer to a text that is longer than the model's context, or to more texts than they take at once."""


@dataclass(frozen=True)
class Failures:
    """What the failures of one server are called."""

    field: str
    """Of the spec, which names the server."""
    unreachable: type[TemporaryError]
    failed: type[PermanentError]
    too_much: type[PermanentError] | None = None
    """For a status of `TOO_MUCH`, where a smaller request may be taken; None: `failed`, as for any other."""


async def post(remote: Remote, url: str, body: dict[str, Any], key_file: str | None, failures: Failures) -> Any:
    """The JSON that is answered; `key_file` holds the server's key.

    Raises:
        TemporaryError: `failures.unreachable`: it does not answer, or is overloaded.
        PermanentError: `failures.failed` or `too_much`: it refuses, its answer is no JSON, or the key cannot be read.
    """
    headers = authorization(key_file, failures.failed)
    try:
        async with remote.session.post(url, json=body, headers=headers) as answer:
            if answer.status in BUSY:
                raise busy(url, answer, failures.unreachable)
            if answer.status != 200:
                kind = (answer.status in TOO_MUCH and failures.too_much) or failures.failed
                raise kind(f"{url} answers {answer.status}; check {failures.field}'s url, model and key")
            return await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise failures.unreachable(f"{url} does not answer: {type(error).__name__}") from error
    except ValueError as error:
        raise failures.failed(f"{url} answers something other than JSON") from error


def busy(url: str, answer: aiohttp.ClientResponse, kind: type[TemporaryError]) -> TemporaryError:
    """What a status of `BUSY` becomes."""
    error = kind(f"{url} answers {answer.status}")
    with suppress(ValueError):  # absent, or a date
        error.wait = float(answer.headers.get("Retry-After", ""))
    return error


def authorization(key_file: str | None, failure: type[PermanentError]) -> dict[str, str]:
    """The header with the key in a mounted file, read anew each time; none without a file.

    Raises:
        PermanentError: `failure`, where the file cannot be read.
    """
    if key_file is None:
        return {}
    try:
        key = Path(key_file).read_text().strip()
    except OSError as error:
        raise failure(f"the key file {key_file} cannot be read") from error
    return {"Authorization": f"Bearer {key}"}
