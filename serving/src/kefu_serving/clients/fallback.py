"""Several engines in order: where one cannot be reached or refuses, the next one answers.

Only before the first word: an answer that broke off is not begun anew by another model.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from kefu_serving.clients.engine import EngineClient, Generation, Message
from kefu_serving.errors import EngineUnavailable
from kefu_serving.sessions.cooldown import Cooldown

REST_SECONDS = 10.0
"""How long an engine that failed is asked last, so that not every turn waits for it first."""


class FallbackEngine:
    """Asks engines in order; those that failed lately come last."""

    def __init__(self, engines: Sequence[EngineClient], rest_seconds: float = REST_SECONDS) -> None:
        self.model = engines[0].model
        self._engines = [(engine, Cooldown(rest_seconds)) for engine in engines]

    @asynccontextmanager
    async def generate(self, messages: Sequence[Message], headers: Mapping[str, str]) -> AsyncGenerator[Generation]:
        """The answer of the first engine that gives one; leaving the context stops it.

        Raises EngineUnavailable when all fail before the first word, EngineInterrupted after it.
        """
        async with AsyncExitStack() as stack:
            yield await self._first(stack, messages, headers)

    async def _first(
        self, stack: AsyncExitStack, messages: Sequence[Message], headers: Mapping[str, str]
    ) -> Generation:
        failures: list[str] = []
        for engine, cooldown in sorted(self._engines, key=lambda each: each[1].active):
            try:
                generation = await stack.enter_async_context(engine.generate(messages, headers))
            except EngineUnavailable as error:
                cooldown.start()
                failures.append(f"{engine.model}: {error}")
            else:
                cooldown.stop()
                return generation
        raise EngineUnavailable("; ".join(failures))
