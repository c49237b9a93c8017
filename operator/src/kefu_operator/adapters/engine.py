"""The engine's half of the talk: which adapters it has, and the two routes by which that changes.

Source: vLLM, "LoRA Adapters", section on dynamic serving: `POST /v1/load_lora_adapter` and `/v1/unload_lora_adapter`,
there with VLLM_ALLOW_RUNTIME_LORA_UPDATING; `GET /v1/models` names the model that an adapter stands on as its `parent`.
"""

import json
from typing import Any

import aiohttp

SECONDS = 120.0
"""Longest time for one answer: loading a large adapter takes seconds, and waits for the batch that runs."""
MAX_WORDS = 500


class EngineAway(Exception):
    """The engine does not answer, or not yet."""


class EngineGone(EngineAway):
    """Nothing listens where it should: its process is not there, or has not loaded its model."""


class AdapterRefused(Exception):
    """The engine will not load the adapter; the text is its own."""


class Engine:
    """One vLLM in the same pod."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url

    async def loaded(self) -> frozenset[str]:
        """The adapters that it has.

        Raises:
            EngineAway: it does not answer.
        """
        status, answer = await self._ask("GET", "/v1/models", None)
        if status != 200:
            raise EngineAway(f"the engine answers {status}")
        models = answer.get("data") if isinstance(answer, dict) else None
        return frozenset(str(model["id"]) for model in models or () if model.get("parent"))

    async def load(self, name: str, path: str) -> None:
        """Load the adapter in folder `path`.

        Raises:
            AdapterRefused: it is of another model, of too great a rank, or damaged.
            EngineAway: the engine does not answer.
        """
        status, answer = await self._ask("POST", "/v1/load_lora_adapter", {"lora_name": name, "lora_path": path})
        if status >= 500:
            raise EngineAway(f"the engine answers {status} to loading {name}: {_words(answer)}")
        if status != 200:
            raise AdapterRefused(f"the engine answers {status}: {_words(answer)}")

    async def unload(self, name: str) -> None:
        """Unload an adapter; one that is not loaded is no error.

        Raises:
            EngineAway: the engine does not answer.
        """
        await self._ask("POST", "/v1/unload_lora_adapter", {"lora_name": name})

    async def _ask(self, method: str, path: str, body: dict[str, str] | None) -> tuple[int, Any]:
        try:
            async with self._session.request(method, f"{self._url}{path}", json=body) as response:
                text = await response.text()
        except aiohttp.ClientConnectorError as error:
            raise EngineGone(f"the engine is not there: {error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise EngineAway(f"the engine does not answer: {str(error) or type(error).__name__}") from error
        try:
            return response.status, json.loads(text)
        except ValueError:
            return response.status, text


def _words(answer: Any) -> str:
    """What an error says; vLLM puts it into `error.message`, and older ones into `message`."""
    if isinstance(answer, dict):
        inner = answer.get("error")
        answer = (inner.get("message") if isinstance(inner, dict) else None) or answer.get("message") or answer
    return str(answer)[:MAX_WORDS]
