"""Opening the client: which way, through which proxy, with how many connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from kefu_operator.client.client import Client
from kefu_operator.client.transport import Transport
from kefu_operator.client.way import Way, way_to
from kefu_operator.informers.copies import Copies

SILENCE_SECONDS = 90
"""A watch that says nothing for so long may be dead. Bookmarks come every minute, but only where they bring a newer version, which of
a kind that nobody touches may take ten minutes (etcd's progress notifications): such a watch is begun anew from where it was."""
CLOSE_SECONDS = 0.25
"""TLS connections end a moment after their session (aiohttp, "Graceful Shutdown"); a loop must not close before."""
CALLS = 16
"""Connections at once for all that is neither a watch nor a list: those of the workers and of the lease, and some for logs."""
UNLIMITED = 0
"""Watches have as many connections as there are watches: one a kind and namespace, each held for minutes. Were they to share those of calls,
the watches of three namespaces would leave none for the lease. The list before a watch is fetched on the watch's own."""


@asynccontextmanager
async def connect(
    kubeconfig: Path | None = None, silence: float = SILENCE_SECONDS, copies: Copies | None = None
) -> AsyncIterator[Client]:
    """A client by the kubeconfig, or by the pod's service account, whose token is read anew when it changes.

    Args:
        kubeconfig: None: the service account.
        silence: seconds after which a watch that says nothing is broken off.
        copies: what watches tell; None: the API server is asked each time.

    Raises:
        SettingsError: neither is there.
    """
    way = await way_to(kubeconfig)
    async with _session(way, CALLS) as calls, _session(way, UNLIMITED) as watches:
        yield Client(Transport(calls, watches, way, silence), copies or Copies())
    await asyncio.sleep(CLOSE_SECONDS)


def _session(way: Way, connections: int) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, ssl=way.context),
        cookie_jar=aiohttp.DummyCookieJar(),
        # Not `trust_env`: it starts a thread and reads ~/.netrc for each request.
        proxy=way.proxy,
    )
