"""`POST /v1/chat/completions` and `GET /v1/models`: the OpenAI API, so that existing clients ask the bot as a model.

The last user message is the question, earlier ones are the conversation. Sampling options are accepted and have no
effect: how the bot answers is declared in its release. What OpenAI's shape cannot hold stands in the extra field `kefu`.
"""

import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from kefu_api.codes import Code
from kefu_serving.errors import EngineError, RequestError
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.turn.state import Asked, Turn
from kefu_serving.variants.serving import Assigned, Serving
from kefu_serving.web.asgi import Headers, Receive, Scope, Send, dumps, respond_json
from kefu_serving.web.body import parse, read
from kefu_serving.web.chat import Whole, header_of, response_of
from kefu_serving.web.edge import Caller
from kefu_serving.web.listening import while_listening
from kefu_serving.web.problems import problem_of
from kefu_serving.web.stream import EventStream

MAX_MESSAGES = 200
_SLOT = "\0"
"""Stands for the text in a chunk; no name of ours can hold it."""


class Part(BaseModel):
    """A piece of a message's content; only text can be read."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One message of the conversation."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def text(self) -> str:
        """The content as plain text."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream holds besides text."""

    include_usage: bool = False


class CompletionRequest(BaseModel):
    """The fields of OpenAI's request that have a meaning here."""

    model_config = ConfigDict(extra="ignore")

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = 1
    user: Annotated[str, Field(max_length=128)] | None = None


def split(messages: list[ChatMessage]) -> tuple[str, tuple[Exchange, ...]]:
    """The question (the last user message) and the exchanges before it, oldest first.

    Raises RequestError V1002 when the last message that is not a system one is not the user's.
    """
    said = [m for m in messages if m.role in ("user", "assistant")]
    if not said or said[-1].role != "user":
        raise RequestError(Code.INVALID_REQUEST, "messages: the last message must be the user's question")
    exchanges: list[Exchange] = []
    question: str | None = None
    for message in said[:-1]:
        if message.role == "user":
            question = message.text()
        elif question is not None:
            exchanges.append(Exchange(question, message.text()))
            question = None
    return said[-1].text(), tuple(exchanges)


def usage_of(turn: Turn) -> dict[str, int]:
    """OpenAI's usage."""
    total = turn.prompt_tokens + turn.completion_tokens
    return {"prompt_tokens": turn.prompt_tokens, "completion_tokens": turn.completion_tokens, "total_tokens": total}


def extra_of(turn: Turn, assigned: Assigned) -> dict[str, Any]:
    """The extra field `kefu`: outcome, code, language, citations, versions."""
    whole = response_of(turn, assigned).model_dump(mode="json", by_alias=True, exclude={"answer", "session", "memory"})
    return dict(whole)


class Chunks:
    """The customer's end of a streamed completion."""

    def __init__(self, stream: EventStream, model: str) -> None:
        self.stream = stream
        self._before = self._after = b""
        self._head: dict[str, Any] = {"object": "chat.completion.chunk", "created": int(time.time()), "model": model}

    async def begin(self, turn: Turn) -> None:
        """Sends the role."""
        self._head["id"] = f"chatcmpl-{turn.id}"
        # All chunks of text are alike but for the text: written once a stream, not once a token.
        self._before, _, self._after = self._chunk({"content": _SLOT}).partition(dumps(_SLOT))
        await self.stream.begin()
        await self.stream.event(self._chunk({"role": "assistant", "content": ""}))

    async def delta(self, text: str) -> None:
        """Sends a piece of the answer."""
        await self.stream.event(self._before + dumps(text) + self._after)

    async def finish(self, turn: Turn, assigned: Assigned, with_usage: bool) -> None:
        """Sends the end, `kefu`, and usage when it was asked for."""
        await self.stream.event(self._chunk({}, "stop", kefu=extra_of(turn, assigned)))
        if with_usage:
            await self.stream.event(dumps({**self._head, "choices": [], "usage": usage_of(turn)}))

    def _chunk(self, delta: dict[str, str], reason: str | None = None, **more: object) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return dumps({**self._head, "choices": [choice], **more})


async def completions(
    scope: Scope, receive: Receive, send: Send, caller: Caller, serving: Serving, headers: Headers
) -> None:
    """Serves one completion. Raises GatewayError while an HTTP status can still be chosen."""
    request = parse(await read(scope, receive), CompletionRequest)
    model = serving.document.stable.chatbot
    if request.model != model:
        raise RequestError(Code.INVALID_REQUEST, f"model: there is no such model here; ask for {model!r}", 404)
    question, history = split(request.messages)
    asked = Asked(
        message=question,
        channel=caller.channel,
        owner=caller.key,
        user=request.user,
        history=history,
        request_id=caller.request_id,
        headers=caller.trace,
    )
    assigned = serving.assign(asked, caller.variant)
    headers = [*headers, header_of(assigned.release)]
    if request.stream:
        with_usage = bool(request.stream_options and request.stream_options.include_usage)
        chunks = Chunks(EventStream(send, headers), model)
        await while_listening(receive, _stream(assigned, caller.request_id, chunks, with_usage))
    else:
        turn = await while_listening(receive, assigned.turn(Whole()))
        await respond_json(send, 200, dumps(_completion(turn, model, assigned)), headers)


def _completion(turn: Turn, model: str, assigned: Assigned) -> dict[str, Any]:
    message = {"role": "assistant", "content": turn.answer}
    return {
        "id": f"chatcmpl-{turn.id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": usage_of(turn),
        "kefu": extra_of(turn, assigned),
    }


async def _stream(assigned: Assigned, request_id: str, chunks: Chunks, with_usage: bool) -> None:
    stream = chunks.stream
    try:
        async with stream.kept_alive():
            turn = await assigned.turn(chunks)
        await chunks.finish(turn, assigned, with_usage)
    except EngineError as error:
        if not stream.begun:
            raise
        problem = problem_of(error, request_id)
        await stream.event(dumps({"error": problem.model_dump(mode="json", by_alias=True)}))
    await stream.event(b"[DONE]")
    await stream.end()


async def models(send: Send, serving: Serving, headers: Headers) -> None:
    """Lists the bot as the one model."""
    release = serving.document.stable
    model = {"id": release.chatbot, "object": "model", "created": 0, "owned_by": release.namespace}
    await respond_json(send, 200, dumps({"object": "list", "data": [model]}), headers)
