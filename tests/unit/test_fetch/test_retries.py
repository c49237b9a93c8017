"""When a fetch tries again, and for how long."""

import pytest

from kefu_operator.fetch.errors import FetchError, NotFound, Unreachable
from kefu_operator.fetch.retries import Retries, RetryPolicy


class Source:
    """Fails as it is told, then answers."""

    def __init__(self, *failures: FetchError, gains: int = 0) -> None:
        self.failures, self.gains = list(failures), gains
        self.size = self.calls = 0

    async def answer(self) -> str:
        self.calls += 1
        self.size += self.gains
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


async def run(source: Source, policy: RetryPolicy) -> tuple[str, list[float]]:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    return await Retries(policy, sleep, lambda error, wait: None).run(source.answer, lambda: source.size), waits


async def test_waits_grow_to_a_limit() -> None:
    policy = RetryPolicy(attempts=8, first_seconds=1, longest_seconds=8)
    _, waits = await run(Source(*[Unreachable("down")] * 6), policy)
    assert all(top / 2 <= wait <= top for wait, top in zip(waits, [1, 2, 4, 8, 8, 8], strict=True))


async def test_the_source_may_ask_for_a_wait_within_the_limit() -> None:
    _, waits = await run(Source(Unreachable("busy", 5), Unreachable("busy", 900)), RetryPolicy(longest_seconds=30))
    assert waits == [5, 30]


async def test_attempts_without_progress_are_counted() -> None:
    source = Source(*[Unreachable("down")] * 9)
    with pytest.raises(Unreachable):
        await run(source, RetryPolicy(attempts=3))
    assert source.calls == 3


async def test_progress_earns_new_attempts() -> None:
    answer, _ = await run(Source(*[Unreachable("cut")] * 9, gains=10), RetryPolicy(attempts=3))
    assert answer == "answer"


async def test_a_permanent_failure_is_not_tried_again() -> None:
    source = Source(NotFound("no such model"))
    with pytest.raises(NotFound):
        await run(source, RetryPolicy())
    assert source.calls == 1
