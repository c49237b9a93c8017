"""Taking a lease from whoever leads, for good reason and a limited time: nobody writes meanwhile, and then one of the others goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from kefu_operator.client.client import Client
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
        now = datetime.now(UTC)
        path = LEASES.path(by.namespace)
        try:
            if lease is None:
                await client.request("post", path, record.fresh(by.namespace, by.lease, by.identity, seconds, now))
            else:
                await client.request("put", f"{path}/{by.lease}", record.renewed(lease, by.identity, seconds, now))
        except Conflict:
            if not left:
                raise
            continue
        led = lease is None or record.holder(lease) not in ("", by.identity)
        await sleep(record.duration(lease or {}, Timing().duration) if led else 0)
        return
