"""The election in virtual time, against a Lease that is kept as the API server keeps one."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kefu_operator.errors import Conflict, Forbidden, NotLeading, Unavailable
from kefu_operator.leadership.elector import Candidate, Elector
from kefu_operator.leadership.tenure import Tenure
from kefu_operator.leadership.timing import Timing

Object = dict[str, Any]
TIMING = Timing(duration=12, deadline=8, retry=2, call=3)


class LeaseServer:
    """One Lease, with optimistic locking."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lease: Object | None = None
        self.version = 0
        self.error: Exception | None = None
        self.lost_answers = False
        self.puts = 0

    def clock(self) -> float:
        return self.now

    async def get(self, *_: Any, **__: Any) -> Object | None:
        if self.error:
            raise self.error
        return self.lease and {**self.lease, "metadata": dict(self.lease["metadata"])}

    async def request(self, method: str, path: str, body: Object, **_: Any) -> Object:
        if method == "post" and self.lease:
            raise Conflict("exists", 409)
        if method == "put" and (not self.lease or body["metadata"]["resourceVersion"] != str(self.version)):
            raise Conflict("changed", 409)
        self.version, self.puts = self.version + 1, self.puts + 1
        self.lease = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.version)}}
        if self.lost_answers:
            raise Unavailable("the answer was lost")
        return self.lease

    @property
    def holder(self) -> str:
        return str((self.lease or {}).get("spec", {}).get("holderIdentity", ""))


class Stand:
    """Candidates of one lease."""

    def __init__(self, count: int) -> None:
        self.server = LeaseServer()
        self.told: list[tuple[str, bool]] = []
        self.candidates = [self._make(name) for name in "abcdefgh"[:count]]

    def _make(self, name: str) -> Elector:
        def changed(leading: bool) -> None:
            self.told.append((name, leading))

        server: Any = self.server
        return Elector(server, Candidate("ns", "lease", name), changed, TIMING, self.server.clock)

    def step(self, places: Sequence[int], seconds: float = 2) -> None:
        """Let these candidates look, one after the other, then let time pass."""

        async def look() -> None:
            for place in places:
                await self.candidates[place].stand()

        asyncio.run(look())
        self.server.now += seconds

    @property
    def leaders(self) -> list[int]:
        return [place for place, each in enumerate(self.candidates) if each.tenure.holds]


def test_the_first_leads_and_the_second_stands_by() -> None:
    stand = Stand(2)
    for _ in range(20):
        stand.step([0, 1])
        assert stand.leaders == [0]
    assert stand.told == [("a", True)]


def test_a_silent_leader_is_followed_after_the_duration_and_not_before() -> None:
    stand = Stand(2)
    stand.step([0, 1])
    renewed = 0.0
    while stand.server.holder == "a":
        stand.step([1], 1)
    taken = stand.server.now - 1
    assert taken - renewed == TIMING.duration
    stand.step([0])
    assert stand.leaders == [1]


def test_a_leader_that_cannot_renew_stops_writing_before_another_may_begin() -> None:
    stand = Stand(1)
    stand.step([0], 7.5)
    leave = stand.candidates[0].tenure.leave()
    assert stand.server.now + leave <= TIMING.duration
    stand.server.error = Unavailable("away")
    stand.step([0], 0.5)
    with pytest.raises(NotLeading):
        stand.candidates[0].tenure.leave()
    stand.step([0])
    assert stand.told == [("a", True), ("a", False)]


def test_a_renewal_whose_answer_is_lost_lengthens_nothing() -> None:
    stand = Stand(1)
    stand.step([0], 7)
    stand.server.lost_answers = True
    stand.step([0], 1)
    assert stand.leaders == []
    stand.server.lost_answers = False
    stand.step([0])
    assert stand.leaders == [0]


def test_a_lease_that_is_handed_over_is_taken_at_the_next_look() -> None:
    stand = Stand(2)
    stand.step([0, 1])
    asyncio.run(stand.candidates[0].release())
    assert stand.server.holder == ""
    stand.step([1])
    assert stand.leaders == [1]
    assert (stand.server.lease or {})["spec"]["leaseTransitions"] == 1


def test_a_standby_hands_nothing_over() -> None:
    stand = Stand(2)
    stand.step([0, 1])
    asyncio.run(stand.candidates[1].release())
    assert stand.server.holder == "a"


def test_a_lease_that_a_person_deletes_stays_with_its_leader() -> None:
    stand = Stand(2)
    stand.step([0, 1])
    stand.server.lease = None
    stand.step([1, 0])
    assert stand.leaders == [0]
    assert stand.server.holder == "a"


def test_a_missing_right_is_told_and_is_told_no_more_when_it_comes() -> None:
    stand = Stand(1)
    stand.server.error = Forbidden("leases is forbidden", 403)
    stand.step([0])
    assert "the lease ns/lease cannot be held: leases is forbidden" in stand.candidates[0].trouble
    stand.server.error = None
    stand.step([0])
    assert stand.candidates[0].trouble == ""


def test_a_tenure_lasts_while_it_is_renewed() -> None:
    now = [0.0]
    tenure = Tenure(TIMING, lambda: now[0])
    assert not tenure.holds
    tenure.renew(0)
    now[0] = 7.9
    assert tenure.leave() == pytest.approx(4.1)
    now[0] = 8
    assert not tenure.holds


@example([([], 12.0, "ok"), ([1], 1.0, "ok"), ([0], 1.0, "deleted")])
@given(
    steps=st.lists(
        st.tuples(
            st.lists(st.integers(0, 2), max_size=3),
            st.floats(0.1, 15),
            st.sampled_from(("ok", "ok", "ok", "away", "lost", "deleted")),
        ),
        max_size=60,
    )
)
def test_never_may_two_write_at_a_time(steps: list[tuple[list[int], float, str]]) -> None:
    """Whoever sleeps, is cut off or loses answers: a write that was given leave ends before another's may begin.

    So it is too where a person deletes the lease once, for all who had seen it.
    """
    stand, until, deleted = Stand(3), [0.0, 0.0, 0.0], False
    stand.step([0, 1, 2], 0)
    for places, seconds, weather in steps:
        stand.server.error = Unavailable("away") if weather == "away" else None
        stand.server.lost_answers = weather == "lost"
        if weather == "deleted" and not deleted:
            stand.server.lease, deleted = None, True
        for place in places:
            stand.step([place], 0)
            for leader in stand.leaders:
                others = [end for each, end in enumerate(until) if each != leader]
                assert all(end <= stand.server.now for end in others)
                until[leader] = stand.server.now + stand.candidates[leader].tenure.leave()
            assert len(stand.leaders) <= 1
        stand.server.now += seconds
