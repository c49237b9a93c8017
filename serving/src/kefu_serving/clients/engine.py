"""Streaming words out of an OpenAI-compatible engine, and stopping it as soon as nobody listens.

Leaving the stream early closes the connection; vLLM and llama.cpp then stop generating.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientConnectorError, ClientError, ClientResponse, ClientSession

from kefu_api.documents.release import EngineServer
from kefu_serving.clients.sse import EventLines
from kefu_serving.errors import EngineAway, EngineInterrupted, EngineUnavailable

Message = Mapping[str, str]

ERROR_BYTES = 300
"""Of what an engine says of an error."""
ERROR_SECONDS = 1.0
"""For how long that is waited for: another engine may answer the customer meanwhile."""

_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one generation, as the engine counts them."""

    prompt: int = 0
    completion: int = 0


class Generation:
    """One answer as it is written; `usage` is complete when the iteration has ended."""

    def __init__(self, response: ClientResponse) -> None:
        self._response = response
        self._lines = EventLines()
        self._finished = False
        self.usage = Usage()

    def __aiter__(self) -> "Generation":
        return self

    async def __anext__(self) -> str:
        """The text of whatever has arrived. Raises EngineInterrupted when the stream breaks off."""
        while True:
            try:
                chunk = await self._response.content.readany()
            except (ClientError, OSError) as error:
                raise EngineInterrupted(f"the engine's stream broke: {error}") from error
            if chunk:
                if text := "".join(map(self._read, self._lines.feed(chunk))):
                    return text
            elif self._finished:
                raise StopAsyncIteration
            else:
                raise EngineInterrupted("the engine's stream ended before the answer did")

    def _read(self, payload: bytes) -> str:
        if payload == b"[DONE]":
            self._finished = True
            return ""
        try:
            # Not json.loads, which guesses the encoding of bytes anew for each token.
            return self._text(_DECODER.decode(payload.decode()))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise EngineInterrupted("the engine sent an event that is not a chat completion chunk") from error

    def _text(self, event: dict[str, Any]) -> str:
        if fault := event.get("error"):
            raise EngineInterrupted(f"the engine reports: {str(fault)[:200]}")
        if usage := event.get("usage"):
            self.usage = Usage(int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0))
        choices = event.get("choices")
        if not choices:
            return ""
        if choices[0].get("finish_reason"):
            self._finished = True
        text: str = choices[0]["delta"].get("content") or ""
        return text


class EngineClient:
    """`POST /v1/chat/completions` of one engine, or Azure's own route, at temperature 0."""

    def __init__(self, session: ClientSession, target: EngineServer, max_tokens: int) -> None:
        self.model = target.model
        self._session = session
        self._url = _route(target)
        self._azure = target.azure_api_version is not None
        self._key_file = Path(target.api_key_file) if target.api_key_file else None
        self._options = {
            "model": target.model,
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    @asynccontextmanager
    async def generate(self, messages: Sequence[Message], headers: Mapping[str, str]) -> AsyncGenerator[Generation]:
        """The answer to a chat, ready to be iterated; leaving the context stops the engine.

        Raises EngineUnavailable before the first word, EngineInterrupted after it.
        """
        body = json.dumps({**self._options, "messages": messages}, ensure_ascii=False).encode()
        headers = {**headers, **self._authorization(), "content-type": "application/json"}
        response = await self._post(body, headers)
        try:
            if response.status != 200:
                kind = EngineAway if response.status == 503 else EngineUnavailable
                raise kind(f"the engine answered HTTP {response.status}: {await _error_text(response)}")
            yield Generation(response)
        finally:
            response.close()

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> ClientResponse:
        for last in (False, False, True):
            try:
                return await self._session.post(self._url, data=body, headers=headers)
            except ClientConnectorError as error:
                raise EngineAway(f"the engine cannot be reached: {error}") from error
            except (ClientError, OSError) as error:
                # Most likely a pooled connection that the engine closed meanwhile; no word was generated, so once more.
                if last:
                    raise EngineAway(f"the engine hung up: {error}") from error
        raise AssertionError("the last attempt returns or raises")

    def _authorization(self) -> dict[str, str]:
        if self._key_file is None:
            return {}
        try:
            # Read for each call: a rotated Secret is in force at once, and the file is in memory anyway.
            key = self._key_file.read_text().strip()
        except OSError as error:
            raise EngineUnavailable(f"the engine's key file cannot be read: {error.strerror}") from error
        return {"api-key": key} if self._azure else {"authorization": f"Bearer {key}"}


async def _error_text(response: ClientResponse) -> str:
    """The begin of an error's text, whichever way its bytes come; as much as came where it breaks off or takes long."""
    text = bytearray()
    with suppress(ClientError, OSError):
        async with asyncio.timeout(ERROR_SECONDS):
            # `read(n)` gives what has come by now, which may be a part.
            while len(text) < ERROR_BYTES and (some := await response.content.read(ERROR_BYTES - len(text))):
                text += some
    return text.decode(errors="replace")


def _route(target: EngineServer) -> str:
    """Where chats are posted to; Azure's routes name the deployment and the version of the API."""
    base = target.url.rstrip("/")
    if target.azure_api_version is None:
        return f"{base}/v1/chat/completions"
    deployment = f"{base}/openai/deployments/{target.model}"
    return f"{deployment}/chat/completions?api-version={target.azure_api_version}"
