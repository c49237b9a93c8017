"""Having an engine read the constant beginning of a chatbot's prompts before a customer waits for it.

llama.cpp can also write the state of a slot to a file and read it back, which spares the reading after a restart
(`POST /slots/N?action=save|restore`, llama.cpp's server README).
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aiohttp import ClientError, ClientSession

from kefu_api.documents.release import EngineTarget
from kefu_serving.errors import EngineUnavailable

READ_SECONDS = 120.0
"""Longest wait for one request: a busy CPU reads some five tokens a second."""
SLOT = 0
TRIES = 3


class Read(NamedTuple):
    """Tokens of a prompt that an engine has read."""

    prompt: int
    cached: int
    """Of them, how many it remembered."""


class PrefixClient:
    """The beginning of one chatbot's prompts at one engine."""

    def __init__(self, session: ClientSession, target: EngineTarget, owner: str, seconds: float = READ_SECONDS) -> None:
        """`owner`: whose prompts they are; each has one file, which its next prompt replaces."""
        self._session = session
        self._url = target.url.rstrip("/")
        self._model = target.model
        self._keeps = target.prefixes == "Kept"
        self._file = {"filename": f"{hashlib.sha256(owner.encode()).hexdigest()[:32]}.slot"}
        self._seconds = seconds

    async def read(self, messages: Sequence[Mapping[str, str]]) -> Read:
        """Have it read, restored if it was kept, and keep it if it was not.

        Raises:
            EngineUnavailable: the engine does not answer, or not yet.
        """
        if not self._keeps:
            return await self._complete(messages, {})
        restored = await self._slot("restore", self._file)
        read = await self._complete(messages, {"id_slot": SLOT})
        if restored is None or read.cached < read.prompt - 1:
            await self._keep(messages, read)
        return read

    async def _keep(self, messages: Sequence[Mapping[str, str]], read: Read) -> None:
        """Write the slot to its file, and never what a customer said: another chatbot's turn may take the slot in between."""
        for _ in range(TRIES):
            saved = await self._slot("save", self._file)
            if saved is None or saved.get("n_saved", 0) <= read.prompt:
                return
            await self._complete(messages, {"id_slot": SLOT})
        await self._slot("erase", {})
        await self._slot("save", self._file)

    async def _complete(self, messages: Sequence[Mapping[str, str]], extra: Mapping[str, Any]) -> Read:
        body = {"model": self._model, "messages": list(messages), "max_tokens": 1, "temperature": 0, **extra}
        status, answer = await self._post("/v1/chat/completions", body)
        if status != 200:
            raise EngineUnavailable(f"the engine answered HTTP {status}")
        usage = answer.get("usage") or {}
        details = usage.get("prompt_tokens_details") or {}
        return Read(int(usage.get("prompt_tokens") or 0), int(details.get("cached_tokens") or 0))

    async def _slot(self, action: str, body: Mapping[str, str]) -> dict[str, Any] | None:
        """What was done; None where it was refused: there is no such file, or an engine that keeps nothing."""
        status, answer = await self._post(f"/slots/{SLOT}?action={action}", body)
        return answer if status == 200 else None

    async def _post(self, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        content = json.dumps(body, ensure_ascii=False).encode()
        headers = {"content-type": "application/json"}
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._session.post(f"{self._url}{path}", data=content, headers=headers) as response,
            ):
                answer = json.loads(await response.read())
        except (ClientError, OSError, ValueError) as error:  # OSError includes the time-out.
            raise EngineUnavailable(f"the engine cannot be reached: {error}") from error
        return response.status, answer if isinstance(answer, dict) else {}
