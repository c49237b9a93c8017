"""An OpenAI-compatible engine that the command line asks: one prompt out, one text back."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kefu_operator.cli.errors import AskFailed, NotFound, Unreachable

TIMEOUT = 300.0
"""Seconds for one answer: a small model on a busy processor takes one or two minutes."""
MOST = 1024 * 1024
"""Bytes of an answer that are read."""
KEY = "KEFU_ENGINE_KEY"

Post = Callable[[str, bytes], bytes]
"""Sends a body to a path below the engine's base URL; raises AskFailed or Unreachable."""


@dataclass(frozen=True)
class Engine:
    """A model behind a way to post."""

    model: str
    post: Post

    def complete(self, messages: Sequence[Mapping[str, str]], tokens: int) -> str:
        """What the model says.

        Raises:
            Unreachable: it does not answer, or is overloaded: waiting may help.
            AskFailed: it refuses, or answers with something else.
        """
        body = {"model": self.model, "messages": list(messages), "max_tokens": tokens, "temperature": 0}
        answer = self.post("v1/chat/completions", json.dumps(body).encode())
        try:
            said: Any = json.loads(answer)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError) as error:
            raise AskFailed("the engine's answer is no chat completion: does it speak OpenAI's API?") from error
        return said if isinstance(said, str) else ""


def at(url: str, model: str | None, key_file: Path | None) -> Engine:
    """The engine at a base URL (without `/v1`); the model that it names first where none is given.

    Raises:
        NotFound: the URL is none, the key cannot be read, or no model is there.
        Unreachable: nothing answers.
    """
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise NotFound(f"{url!r} is no URL of an engine: give its base, such as http://127.0.0.1:8000")
    post = posting(url.rstrip("/").removesuffix("/v1"), key(key_file))
    return Engine(model or _first_model(post), post)


def key(file: Path | None) -> str | None:
    """The engine's key: from a file, or from the environment, never from an argument.

    Raises:
        NotFound: the file cannot be read.
    """
    if file is None:
        return os.environ.get(KEY) or None
    try:
        return file.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"the engine's key cannot be read from {file}: {error}") from error


def posting(base: str, api_key: str | None) -> Post:
    """Posts with the standard library; an empty body is a GET."""

    def post(path: str, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {api_key}"} if api_key else {}
        request = urllib.request.Request(f"{base}/{path}", body or None, headers)  # noqa: S310 - http or https, checked
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                read: bytes = answer.read(MOST)
                return read
        except urllib.error.HTTPError as error:
            raise refusal(error.code, error.read(2_048), base) from error
        except OSError as error:
            raise Unreachable(f"no engine answers at {base} ({error})") from error

    return post


def refusal(status: int, body: bytes, where: str) -> AskFailed | Unreachable:
    """What an engine says by a status: busy is away for a while, everything else is a refusal."""
    said = " ".join(body.decode(errors="replace").split())[:300]
    if status in (408, 425, 429) or status >= 500:
        return Unreachable(f"the engine at {where} cannot answer now (HTTP {status}: {said})")
    remedy = f": give its key in ${KEY} or --key-file" if status in (401, 403) else ""
    return AskFailed(f"the engine at {where} refuses (HTTP {status}: {said}){remedy}")


def _first_model(post: Post) -> str:
    try:
        return str(json.loads(post("v1/models", b""))["data"][0]["id"])
    except (ValueError, LookupError, TypeError) as error:
        raise NotFound("the engine does not say which models it has: name one with --model") from error
