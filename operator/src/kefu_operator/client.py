"""The API server as the operator sees it: typed errors, a time limit on every call, plain JSON objects.

The official client is asked the way where only it knows it (`way.py`), and only by this module. Its requests are not used: they
copy every body several times. Writes go through `Applier`.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import orjson
from yarl import URL

from kefu_operator.desired.types import Object
from kefu_operator.errors import Absent, SettingsError, Unavailable, api_error
from kefu_operator.informers.copies import Copies
from kefu_operator.informers.store import Index
from kefu_operator.resources import PODS, Resource
from kefu_operator.way import Way, by_kubeconfig, by_service_account

CALL_SECONDS = 30.0
"""Every call but a watch."""
CONNECT_SECONDS = 5
WATCH_SECONDS = 290
"""How long the API server keeps one watch open."""
SILENCE_SECONDS = 90
"""A watch that says nothing for so long is dead: bookmarks come every minute."""
CLOSE_SECONDS = 0.25
"""TLS connections end a moment after their session (aiohttp, "Graceful Shutdown"); a loop must not close before."""
PAGE = 100
"""Objects an answer to a list: as many as are in memory at once when the operator starts."""
LINE_BYTES = 2**21
"""The longest event of a watch: an object has at most 1.5 MiB."""
CONNECTIONS = 32
"""Open to the API server at once, watches included."""
JSON = "application/json"

QUERY = {
    "label_selector": "labelSelector",
    "field_selector": "fieldSelector",
    "limit": "limit",
    "more": "continue",
    "field_manager": "fieldManager",
    "force_conflicts": "force",
    "dry_run": "dryRun",
}
"""Options of a request, by the API server's names for them."""


Guard = Callable[[], object]
"""Asked when a request's bytes are about to be sent; what it raises keeps them from it."""
_guard: ContextVar[Guard | None] = ContextVar("guard", default=None)


@dataclass(frozen=True)
class Listing:
    """What a list gave."""

    items: tuple[Object, ...]
    version: str
    """Resource version to watch from; empty where watches had told it all."""


class Client:
    """Reads objects, and carries the requests of the writer."""

    def __init__(self, session: aiohttp.ClientSession, way: Way, silence: float, copies: Copies) -> None:
        """Prepare.

        Args:
            session: with the certificates of the way; it asks the guards.
            way: to the API server.
            silence: seconds after which a watch that says nothing is broken off.
            copies: what watches have told, in place of which the API server is not asked.
        """
        self._copies = copies
        self._session = session
        self._way = way
        self._agent = f"kefu-operator/{os.environ.get('KEFU_VERSION', 'dev')}"
        self._watch = aiohttp.ClientTimeout(total=WATCH_SECONDS + 30, sock_connect=CONNECT_SECONDS, sock_read=silence)

    async def get(
        self, resource: Resource, namespace: str, name: str, *, seconds: float = CALL_SECONDS
    ) -> Object | None:
        """One object within so many seconds, or None where there is none of that name.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        store = self._copies.covering(resource, namespace)
        copy = store.get(namespace, name) if store else None
        if copy or (store and store.whole):
            return copy
        return await self.get_fresh(resource, namespace, name, seconds=seconds)

    async def get_fresh(
        self, resource: Resource, namespace: str, name: str, *, seconds: float = CALL_SECONDS
    ) -> Object | None:
        """The same from the API server itself, whatever watches have told.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        try:
            return await self.request("get", resource.path(namespace, name), seconds=seconds)
        except Absent:
            return None

    async def list(self, resource: Resource, namespace: str | None, *, labels: str = "", fields: str = "") -> Listing:
        """All objects that the selectors choose, page by page.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        copies = None if fields else self._copies.find(resource, namespace, labels)
        if copies is not None:
            return Listing(copies, "")
        items: list[Object] = []
        version = ""
        async for page in self.pages(resource, namespace, labels=labels, fields=fields):
            items += page.items
            version = page.version
        return Listing(tuple(items), version)

    async def select(self, resource: Resource, namespace: str, index: Index, value: str) -> tuple[Object, ...]:
        """All objects of a namespace that an index lists under a value.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        copies = self._copies.select(resource, namespace, index, value)
        if copies is not None:
            return copies
        listing = await self.list(resource, namespace)
        return tuple(found for found in listing.items if value in index.of(found))

    @property
    def copies(self) -> Copies:
        """What watches and our own writes have told."""
        return self._copies

    async def pages(
        self, resource: Resource, namespace: str | None, *, labels: str = "", fields: str = ""
    ) -> AsyncIterator[Listing]:
        """All objects that the selectors choose, some at a time; all pages are of one version.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        more = ""
        while True:
            answer = await self.request(
                "get", resource.path(namespace), label_selector=labels, field_selector=fields, limit=PAGE, more=more
            )
            # A list's items carry neither apiVersion nor kind.
            typed = {"apiVersion": resource.api_version, "kind": resource.kind}
            items = tuple({**typed, **item} for item in answer.get("items") or ())
            more = answer["metadata"].get("continue", "")
            yield Listing(items, answer["metadata"]["resourceVersion"])
            if not more:
                return

    async def watch(
        self, resource: Resource, namespace: str | None, version: str, *, labels: str = ""
    ) -> AsyncIterator[tuple[str, Object]]:
        """Changes since `version` as (ADDED | MODIFIED | DELETED | BOOKMARK, object), until the server ends the watch.

        Raises:
            Expired: the version is too old; list anew.
            ApiError: the API server refused or went away.
        """
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(WATCH_SECONDS),
            **({"labelSelector": labels} if labels else {}),
        }
        async with self._answer("get", resource.path(namespace), query, self._watch) as answer:
            while line := await answer.content.readline():
                event = orjson.loads(line)
                if event["type"] == "ERROR":
                    status = event["object"]
                    raise api_error(int(status.get("code", 500)), str(status.get("message", "")))
                yield event["type"], event["object"]

    async def log_tail(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> str:
        """The last lines of a container's log, at most 4 KiB; empty where there is none.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        query = {
            "container": container,
            "tailLines": str(lines),
            "limitBytes": "4096",
            "previous": str(previous).lower(),
        }
        path = PODS.path(namespace, pod, "log")
        async with self._answer("get", path, query, _within(CALL_SECONDS), accept="*/*") as answer:
            text: bytes = await answer.content.read(4096)
            return text.decode(errors="replace")

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = JSON,
        seconds: float = CALL_SECONDS,
        guard: Guard | None = None,
        **options: Any,
    ) -> Object:
        """One call that answers with an object, within so many seconds.

        A guard is asked last of all: between a call's begin and its bytes may lie a connection that is made first.

        Args:
            method: of HTTP.
            path: on the API server.
            body: what is sent as JSON.
            content_type: of the body: JSON, or a kind of patch.
            seconds: the time limit.
            guard: see above.
            options: by the names of `QUERY`; empty ones are left out.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        query = {QUERY[name]: _text(value) for name, value in options.items() if value}
        sent = None if body is None else orjson.dumps(body)
        async with self._answer(
            method, path, query, _within(seconds), guard=guard, body=sent, content_type=content_type
        ) as answer:
            found: Object = orjson.loads(await answer.read())
            return found

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        limit: aiohttp.ClientTimeout,
        *,
        guard: Guard | None = None,
        body: bytes | None = None,
        content_type: str = "",
        accept: str = JSON,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The API server's answer where it is a good one; foreign errors become ours, the original chained."""
        _guard.set(guard)
        headers = {"Accept": accept, "User-Agent": self._agent}
        if body is not None:
            headers["Content-Type"] = content_type
        url = URL(f"{self._way.server}{path}?{urlencode(query)}", encoded=True)
        try:
            token = self._way.token()
            if token:
                headers["Authorization"] = f"Bearer {token}"
            async with self._session.request(
                method, url, data=body, headers=headers, timeout=limit, server_hostname=self._way.server_name
            ) as answer:
                if answer.status >= 400:
                    raise api_error(answer.status, _message(await answer.read(), answer.reason), _retry_after(answer))
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"the API server cannot be reached: {type(error).__name__}: {error}") from error


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=min(seconds, CONNECT_SECONDS))


def _asking_guards() -> aiohttp.TraceConfig:
    async def ask(*_: object) -> None:
        guard = _guard.get()
        if guard:
            guard()

    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(ask)
    return trace


def _message(body: bytes, reason: str | None) -> str:
    try:
        return str(orjson.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return (body.decode(errors="replace") or str(reason))[:500]


def _retry_after(answer: aiohttp.ClientResponse) -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else 0


async def _ask_the_official_client(kubeconfig: Path) -> Way:
    # Imported here: it takes more memory than all copies of a thousand chatbots.
    from kubernetes.aio import client as official
    from kubernetes.aio import config
    from kubernetes.aio.client.rest import RESTClientObject

    found = official.Configuration()
    try:
        await config.load_kube_config(  # type: ignore[no-untyped-call]
            config_file=str(kubeconfig), client_configuration=found
        )
    except config.ConfigException as error:
        raise SettingsError(f"no way to the API server: {error}; correct the file that KUBECONFIG names") from error

    token = str(found.api_key.get("BearerToken", "")).removeprefix("Bearer ")
    context = RESTClientObject(found).ssl_context
    return Way(found.host.rstrip("/"), context, lambda: token, found.tls_server_name, found.proxy)


def _proxy(server: str) -> str | None:
    """What the environment says (HTTPS_PROXY, NO_PROXY)."""
    url = urlsplit(server)
    return None if proxy_bypass(url.hostname or "") else getproxies().get(url.scheme)


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
    if kubeconfig is None:
        way = by_service_account()
    else:
        way = by_kubeconfig(kubeconfig) or await _ask_the_official_client(kubeconfig)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=way.context),
        trace_configs=[_asking_guards()],
        # Not `trust_env`: it starts a thread and reads ~/.netrc for each request.
        proxy=way.proxy or _proxy(way.server),
        read_bufsize=LINE_BYTES,
    ) as session:
        yield Client(session, way, silence, copies or Copies())
    await asyncio.sleep(CLOSE_SECONDS)
