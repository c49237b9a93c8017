"""Requests to a server, over plain sockets so that the client is not what is measured."""

import asyncio
import json
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PORT = 8000
WORDS = 30_000
"""Prompts are made of tokens below this."""
LIMIT = 2**24
PREFIX, PROMPT, ANSWER = 1000, 1500, 150
"""Tokens that a customer's turns have in common (persona, rules), of a prompt with evidence, and of an answer."""

_draw = random.Random(3)  # noqa: S311 - prompts, not secrets


@dataclass(frozen=True)
class Answer:
    """Seconds since the request was sent; tokens of the answer, 0 where there is none."""

    first: float
    last: float
    tokens: int
    ended: float
    """On the clock of `time.monotonic`."""
    failure: str = ""


def tokens(count: int) -> list[int]:
    """A prompt that no other resembles."""
    return _draw.choices(range(1000, WORDS), k=count)


async def ask(prompt: list[int], longest: int, model: str = "chat") -> Answer:
    """One answer of exactly `longest` tokens."""
    body = {
        "model": model,
        "prompt": prompt,
        "max_tokens": longest,
        "ignore_eos": True,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return await post("/v1/completions", body)


async def chat(model: str = "chat") -> Answer:
    """One answer as a gateway asks for it."""
    messages = [
        {"role": "system", "content": "Answer from the evidence."},
        {"role": "user", "content": "When is it open?"},
    ]
    body = {"model": model, "messages": messages, "max_tokens": 32, "temperature": 0.2, "stream": True}
    return await post("/v1/chat/completions", body | {"stream_options": {"include_usage": True}})


async def post(path: str, body: dict[str, Any]) -> Answer:
    """The timing of one streamed answer; what goes wrong becomes its `failure`."""
    text = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n"
    begun = time.monotonic()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT, limit=LIMIT)
        writer.write(f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text)
        await writer.drain()
        status = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        if status != b"200":
            return Answer(0, 0, 0, time.monotonic(), f"{status.decode()} {(await reader.read())[:300]!r}")
        await reader.readuntil(b"data: ")
        first = time.monotonic()
        rest = await reader.read()
        writer.close()
    except (OSError, EOFError) as error:
        return Answer(0, 0, 0, time.monotonic(), repr(error))
    ended = time.monotonic()
    counts = re.findall(rb'"completion_tokens": ?(\d+)', rest)
    failure = "" if counts and b"[DONE]" in rest else f"broke off: {rest[-300:]!r}"
    return Answer(first - begun, ended - begun, int(counts[-1]) if counts else 0, ended, failure)


async def speed(users: int, turns: int, prefix: Sequence[int]) -> dict[str, Any]:
    """So many customers at a time, each of whom asks the next question when the last is answered."""
    prompts = [[*prefix, *tokens(PROMPT - PREFIX)] for _ in range(users * turns)]

    async def customer(own: list[list[int]]) -> list[Answer]:
        return [await ask(prompt, ANSWER) for prompt in own]

    begun = time.monotonic()
    several = await asyncio.gather(*(customer(prompts[start::users]) for start in range(users)))
    seconds = time.monotonic() - begun
    return {"users": users, "seconds": round(seconds, 2), **summary([each for own in several for each in own], seconds)}


async def fill(capacity: int, each: int, longest: int, seconds: float) -> tuple[dict[str, Any], float]:
    """More prompts of `each` tokens than the cache holds, all at once; also when the last answer ended."""
    count = int(capacity * 1.25 / each) + 1
    prompts = [tokens(each) for _ in range(count)]
    begun = time.monotonic()
    tasks = [asyncio.create_task(ask(prompt, longest)) for prompt in prompts]
    done, late = await asyncio.wait(tasks, timeout=seconds)
    ended = time.monotonic()
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    answers = [task.result() for task in done]
    last = max((answer.ended for answer in answers), default=ended) if not late else ended
    took = ended - begun
    said = {
        "prompts": count,
        "promptTokens": each,
        "answerTokens": longest,
        "seconds": round(took, 2),
        "cutShort": len(late),
    }
    return said | summary(answers, took), last


def summary(answers: Sequence[Answer], seconds: float) -> dict[str, Any]:
    """Of a load that took so many seconds."""
    good = [answer for answer in answers if not answer.failure]
    failures = [answer.failure for answer in answers if answer.failure]
    firsts = sorted(answer.first for answer in good)
    gaps = sorted((answer.last - answer.first) / (answer.tokens - 1) for answer in good if answer.tokens > 1)
    return {
        "answers": len(good),
        "failures": len(failures),
        "failure": failures[0] if failures else None,
        "tokensPerSecond": round(sum(answer.tokens for answer in good) / seconds, 1),
        "firstTokenSeconds": _quantiles(firsts),
        "secondsPerToken": _quantiles(gaps),
    }


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    """Of values in their order."""
    if not values:
        return {}
    return {f"p{share}": round(values[min(len(values) - 1, len(values) * share // 100)], 4) for share in (50, 95)}
