"""Documents that come from elsewhere: what is fetched or pushed is noticed once, and not amid a build."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from kefu_operator.local.arrivals import Arrivals
from kefu_operator.local.plan import LocalPlan, ServedPush
from tests.unit.test_local.processes import Told

TAKING = ServedPush(index="shop", source="erp", url="http://127.0.0.1:1/v1/push/erp", key_file="/keys/erp")
PLAN = LocalPlan(workloads=(), wanted=(), generated_secrets=(), chatbots=(), indexes=(), pushing=(TAKING,))


@dataclass
class World:
    """What was fetched and pushed, as the test says."""

    fetched: list[bool] = field(default_factory=list)
    """What the next fetches bring."""
    pushed: str = ""
    """Digest of what was pushed."""
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    async def bring(self, plans: Iterable[Any]) -> bool:
        return self.fetched.pop(0) if self.fetched else False

    def digests(self, index: str, sources: tuple[str, ...]) -> Mapping[str, str]:
        return dict.fromkeys(sources, self.pushed) if self.pushed else {}


def arrivals(world: World, told: Told) -> Arrivals:
    world.settled.set()
    ingestions: Any = {"shop": SimpleNamespace(settled=world.settled)}
    made = Arrivals(world, world, ingestions, lambda: PLAN, told)  # type: ignore[arg-type]
    made.expect()
    return made


async def test_says_where_documents_may_be_pushed() -> None:
    told = Told()
    arrivals(World(), told)
    assert told.has("documents of erp are pushed to http://127.0.0.1:1/v1/push/erp, signed with /keys/erp")


async def test_what_was_fetched_or_pushed_is_noticed_once() -> None:
    world = World(fetched=[True, False])
    looking = arrivals(world, Told())
    assert [await looking.look() for _ in range(2)] == [True, False]
    world.pushed = "d1"
    assert [await looking.look() for _ in range(2)] == [True, False]


async def test_what_comes_by_both_ways_at_once_is_noticed_once() -> None:
    world = World(fetched=[True, False])
    looking = arrivals(world, Told())
    world.pushed = "d1"
    assert [await looking.look() for _ in range(2)] == [True, False]


async def test_what_is_pushed_amid_a_build_waits_for_its_end() -> None:
    world = World()
    looking = arrivals(world, Told())
    world.settled.clear()
    world.pushed = "d1"
    assert not await looking.look()
    world.pushed = "d2"
    assert not await looking.look()
    world.settled.set()
    assert await looking.look()
