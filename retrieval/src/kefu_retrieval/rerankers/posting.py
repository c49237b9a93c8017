"""One request to a reranker's server, and what its failures are called."""

from typing import Any

import aiohttp

from kefu_retrieval.embeddings.remote import BUSY, Remote, authorization, busy
from kefu_retrieval.errors import RerankerFailed, RerankerUnreachable


async def post(remote: Remote, url: str, body: dict[str, Any], key_file: str | None, field: str) -> Any:
    """The JSON that is answered; `key_file` holds the server's key, and `field` of the spec names the server.

    Raises:
        RerankerUnreachable: it does not answer, or is overloaded.
        RerankerFailed: it refuses, its answer is no JSON, or the key cannot be read.
    """
    headers = authorization(key_file, RerankerFailed)
    try:
        async with remote.session.post(url, json=body, headers=headers) as answer:
            if answer.status in BUSY:
                raise busy(url, answer, RerankerUnreachable)
            if answer.status != 200:
                raise RerankerFailed(f"{url} answers {answer.status}; check {field}'s url, model and key")
            return await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise RerankerUnreachable(f"{url} does not answer: {type(error).__name__}") from error
    except ValueError as error:
        raise RerankerFailed(f"{url} answers something other than JSON") from error
