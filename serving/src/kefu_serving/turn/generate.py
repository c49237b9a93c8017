"""The answer itself: words streamed out of the engine, or an honest sentence without it."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from kefu_api.codes import Code
from kefu_api.wire.chat import Outcome
from kefu_serving.clients.engine import Usage
from kefu_serving.errors import BudgetExceeded, EngineAway, EngineUnavailable
from kefu_serving.metrics import Fate, Metrics
from kefu_serving.prompt.compose import Message, compose
from kefu_serving.prompt.hold import SupportGate
from kefu_serving.prompt.passages import Passage, choose
from kefu_serving.prompt.reply import Reply
from kefu_serving.prompt.sentences import sentences
from kefu_serving.tracing import Tracing
from kefu_serving.turn.state import Turn, Verdict

SURE = 0.75
"""Confidence from which the best passage is quoted although the model declined. Confidence is calibrated: the index is
right three times in four, which a model that small is not when it declines."""


class Words(Protocol):
    """One answer being written."""

    @property
    def usage(self) -> Usage:
        """Tokens, once the iteration has ended."""
        ...

    def __aiter__(self) -> AsyncIterator[str]:
        """Pieces of text."""
        ...


class Engine(Protocol):
    """A language model; raises EngineError."""

    @property
    def model(self) -> str:
        """The model's name."""
        ...

    def generate(self, messages: Sequence[Message], headers: Mapping[str, str]) -> AbstractAsyncContextManager[Words]:
        """The answer to a chat; leaving the context stops the engine."""
        ...


class Warmth(Protocol):
    """Whether the engine is busy reading what all prompts begin with."""

    async def wait(self) -> None:
        """While it is."""
        ...


class Absence(Protocol):
    """An engine that may not be there, and is told that it is needed."""

    @property
    def waits(self) -> bool:
        """Whether turns are held until it is back."""
        ...

    def asked(self) -> None:
        """A turn needs it."""
        ...

    async def until_back(self) -> None:
        """Until it is there."""
        ...


class Generate:
    """Follows the verdict; at most one engine call a turn, and none when there is nothing to answer from."""

    def __init__(
        self,
        engine: Engine,
        constant: Sequence[Message],
        budget_seconds: float,
        tracing: Tracing,
        metrics: Metrics,
        warmth: Warmth | None = None,
        absence: Absence | None = None,
    ) -> None:
        """Prepare.

        Args:
            engine: that writes the answer.
            constant: what every prompt of the release begins with.
            budget_seconds: of a whole turn.
            tracing: for the span of the generation.
            metrics: for what went wrong.
            warmth: None where no engine is warmed for the release.
            absence: None where somebody else runs the engine.
        """
        self._engine = engine
        self._constant = constant
        self._warmth = warmth
        self._absence = absence
        self._budget = budget_seconds
        self._tracing = tracing
        self._metrics = metrics

    async def run(self, turn: Turn) -> None:
        """Sets `answer`, `outcome`, `code` and `citations`. Raises EngineInterrupted or BudgetExceeded."""
        if turn.verdict is Verdict.SAY_UNAVAILABLE:
            await self._say_unavailable(turn, sentences(turn.language).knowledge_away, Code.KNOWLEDGE_UNAVAILABLE)
        elif turn.verdict is Verdict.SAY_UNKNOWN:
            await self._say_unknown(turn)
        else:
            await self._answer(turn)

    async def _answer(self, turn: Turn) -> None:
        hits = turn.evidence.hits if turn.evidence else ()
        passages = choose(hits, turn.language)
        messages = compose(self._constant, turn.history, passages, turn.question, turn.language)
        if self._absence:
            self._absence.asked()
        left = self._budget - (time.perf_counter() - turn.started)
        try:
            async with asyncio.timeout(max(left, 0.0)):
                if self._warmth:
                    await self._warmth.wait()
                await self._stream_once_there(turn, messages, passages)
        except TimeoutError as error:
            if turn.waiting:
                await self._say_unavailable(turn, sentences(turn.language).engine_starting, Code.ENGINE_STARTING)
                return
            raise BudgetExceeded(f"not finished within {self._budget:g} s") from error
        except EngineUnavailable as error:
            self._metrics.upstream_error(error.code, str(error))
            await self._say_unavailable(turn, sentences(turn.language).engine_away, Code.ENGINE_UNAVAILABLE)

    async def _stream_once_there(self, turn: Turn, messages: Sequence[Message], passages: Sequence[Passage]) -> None:
        while True:
            try:
                await self._stream(turn, messages, passages)
            except EngineAway:
                if self._absence is None or not self._absence.waits:
                    raise
                turn.held = turn.waiting = True
                await self._absence.until_back()
                turn.waiting = False
            else:
                return

    async def _stream(self, turn: Turn, messages: Sequence[Message], passages: Sequence[Passage]) -> None:
        reply, gate = Reply(len(passages)), SupportGate(passages, turn.question)
        with self._tracing.span("generate", {"gen_ai.request.model": self._engine.model}) as span:
            async with self._engine.generate(messages, self._tracing.headers()) as words:
                async for piece in words:
                    if text := gate.feed(reply.feed(piece), reply.leading):
                        await turn.say(text)
                    if reply.over or gate.refuted:
                        break
            if rest := gate.close(reply.close(), reply.leading):
                await turn.say(rest)
            turn.prompt_tokens, turn.completion_tokens = words.usage.prompt, words.usage.completion
            span.set_attribute("gen_ai.usage.input_tokens", turn.prompt_tokens)
            span.set_attribute("gen_ai.usage.output_tokens", turn.completion_tokens)
        if gate.refuted:
            self._metrics.unsupported("dropped" if gate.said else "quoted")
        self._metrics.generation(_fate(unknown=reply.unknown, said=bool(gate.said), refuted=gate.refuted))
        if reply.unknown:
            await self._decline(turn, passages[0])
        elif not gate.said:
            await self._quote(turn, gate.meant)
        else:
            cited = [passage for passage in passages if f"[{passage.number}]" in turn.answer]
            self._answered(turn, cited or passages)

    async def _decline(self, turn: Turn, best: Passage) -> None:
        if best.hit.confidence >= SURE:
            await self._quote(turn, best)
        else:
            await self._say_unknown(turn)

    async def _quote(self, turn: Turn, passage: Passage) -> None:
        await turn.say(f"{passage.quote()}[{passage.number}]")
        self._answered(turn, [passage])

    def _answered(self, turn: Turn, cited: Sequence[Passage]) -> None:
        turn.citations = tuple(passage.citation() for passage in cited)
        turn.end(Outcome.ANSWERED)

    async def _say_unknown(self, turn: Turn) -> None:
        await turn.say(sentences(turn.language).unknown)
        turn.end(Outcome.UNKNOWN, Code.NO_ANSWER)

    async def _say_unavailable(self, turn: Turn, sentence: str, code: Code) -> None:
        await turn.say(sentence)
        turn.end(Outcome.UNAVAILABLE, code)


def _fate(*, unknown: bool, said: bool, refuted: bool) -> Fate:
    """What became of the model's words."""
    if unknown:
        return "declined"
    if not said:
        return "quoted"
    return "dropped" if refuted else "said"
