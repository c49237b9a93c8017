"""Standing for election: looks at the Lease every other second, takes it where it may, renews it, hands it over."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random

from kefu_operator.client.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.errors import ApiError, Conflict
from kefu_operator.leadership import record
from kefu_operator.leadership.releases import Releases
from kefu_operator.leadership.rivals import Rivals
from kefu_operator.leadership.tenure import Clock, Tenure, clock
from kefu_operator.leadership.timing import Timing, jittered
from kefu_operator.resources import LEASES

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidate:
    """Who stands for which lease."""

    namespace: str
    lease: str
    identity: str


class Elector:
    """One candidate."""

    def __init__(
        self,
        client: Client,
        candidate: Candidate,
        changed: Callable[[bool], None],
        timing: Timing = Timing(),  # noqa: B008 - frozen
        clock: Clock = clock,
        releases: Releases | None = None,
    ) -> None:
        """Prepare.

        Args:
            client: to the API server.
            candidate: who stands for what.
            changed: told with True when we begin to lead, with False when we cease to.
            timing: of the lease.
            clock: seconds that only grow.
            releases: others that write in the same namespaces; None: they are not looked for.
        """
        self._client = client
        self._candidate = candidate
        self._changed = changed
        self._timing = timing
        self._clock = clock
        self._rivals = Rivals(timing.duration)
        self._releases = releases
        self._told = False
        self._contest = ""
        """Who leads beside us."""
        self.tenure = Tenure(timing, clock)
        self.trouble = ""
        """Why the lease could not be looked at the last time, or is not taken although it is free."""

    async def run(self) -> None:
        """Stand until cancelled."""
        while True:
            await self.stand()
            await asyncio.sleep(jittered(self._timing.retry, random()))  # noqa: S311 - jitter

    async def release(self) -> None:
        """Hand the lease over, so that the next leader need not wait; when nothing of ours writes any more."""
        if not self.tenure.holds:
            return
        self.tenure.end()
        try:
            lease = await self._look()
            if lease and record.holder(lease) == self._candidate.identity:
                await self._put(record.released(lease, _now()))
        except ApiError as error:
            log.info("the lease was not handed over, it runs out by itself: %s", error)
        self._tell()

    async def stand(self) -> None:
        """Look at the lease once, and take or renew it where it may be."""
        try:
            trouble = await self._hold()
        except Conflict:
            # Another was faster; the next look tells who.
            trouble = ""
        except ApiError as error:
            trouble = f"the lease {self._candidate.namespace}/{self._candidate.lease} cannot be held: {error}"
        if trouble and not self.trouble:
            log.warning("%s", trouble)
        self.trouble = trouble
        self._tell()

    async def _hold(self) -> str:
        """Look, and hold the lease where it may be; why it is not taken although nobody has it."""
        lease, asked_at = await self._look(), self._clock()
        me, seconds = self._candidate, self._timing.duration
        if lease is None:
            may = self.tenure.holds or self._rivals.may_make(asked_at)
        else:
            may = self._rivals.may_take(lease, me.identity, asked_at)
        contest = await self._contested(asked_at) if may and not self.tenure.holds else ""
        if not may or contest:
            self.tenure.end()
            return contest
        if lease is None:
            body = record.fresh(me.namespace, me.lease, me.identity, seconds, _now())
            await self._client.request("post", LEASES.path(me.namespace), body, seconds=self._timing.call)
            self._rivals.made(asked_at)
        else:
            await self._put(record.renewed(lease, me.identity, seconds, _now()))
        self.tenure.renew(asked_at)
        # After the renewal, which must not wait for it.
        await self._tell_of_contest(asked_at)
        return ""

    async def _contested(self, now: float) -> str:
        return await self._releases.look(now) if self._releases else ""

    async def _tell_of_contest(self, now: float) -> None:
        """Of two releases that began at once, or that are older than this look, none can know who should give way."""
        contest = await self._contested(now)
        if contest and not self._contest:
            log.warning("%s", contest)
        self._contest = contest

    async def _look(self) -> Object | None:
        return await self._client.get(
            LEASES, self._candidate.namespace, self._candidate.lease, seconds=self._timing.call
        )

    async def _put(self, lease: Object) -> None:
        path = LEASES.path(self._candidate.namespace, self._candidate.lease)
        await self._client.request("put", path, lease, seconds=self._timing.call)

    def _tell(self) -> None:
        holds = self.tenure.holds
        if holds != self._told:
            self._told = holds
            log.info("%s %s", self._candidate.identity, "leads" if holds else "leads no more")
            self._changed(holds)


def _now() -> datetime:
    return datetime.now(UTC)
