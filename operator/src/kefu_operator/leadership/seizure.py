"""Taking a lease from whoever leads, for good reason and a limited time: nobody writes meanwhile, and then one of the others goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from kefu_operator.client.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.errors import Conflict
from kefu_operator.leadership import record
from kefu_operator.leadership.elector import Candidate
from kefu_operator.leadership.timing import Timing
from kefu_operator.resources import LEASES

TRIES = 10
"""A leader renews its lease every other second, which may come between our look and our update."""


async def seize(
    client: Client, by: Candidate, seconds: float, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
) -> None:
    """Hold the lease for so many seconds from now; returns when the one who led cannot write any more.

    It learns of its loss at its next look, and what it had begun ends before its own lease would have run out.

    Raises:
        ApiError: the API server refused or did not answer; Conflict where the lease changed whenever it was to be taken.
    """
    for left in reversed(range(TRIES)):
        lease = await client.get_fresh(LEASES, by.namespace, by.lease)
        try:
            await _put(client, lease, by, seconds)
            break
        except Conflict:
            if not left:
                raise
    if lease is None or record.holder(lease) not in ("", by.identity):
        await sleep(record.duration(lease or {}, Timing().duration))


async def _put(client: Client, lease: Object | None, by: Candidate, seconds: float) -> None:
    now = datetime.now(UTC)
    if lease is None:
        body = record.fresh(by.namespace, by.lease, by.identity, seconds, now)
        await client.request("post", LEASES.path(by.namespace), body)
    else:
        held = record.renewed(lease, by.identity, seconds, now)
        await client.request("put", LEASES.path(by.namespace, by.lease), held)
