"""The API server as the operator sees it: typed errors, a time limit on every call, plain JSON objects.

Writes go through `Applier`.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from kefu_operator.client.transport import CALL_SECONDS, WATCH_SECONDS, Transport, parsed, part
from kefu_operator.desired.types import Object
from kefu_operator.errors import Absent, api_error
from kefu_operator.informers.copies import Copies
from kefu_operator.informers.store import Index
from kefu_operator.resources import PODS, Resource

PAGE = 50
"""Objects an answer to a list: of each kind as many are in memory at once when the operator starts, some 40 kB each."""
LOG_BYTES = 4096
VERSION = ("metadata", "resourceVersion")
"""Every object and list has one."""


@dataclass(frozen=True)
class Listing:
    """What a list gave."""

    items: tuple[Object, ...]
    version: str
    """Resource version to watch from; empty where watches had told it all."""


class Client:
    """Reads objects, and carries the requests of the writer."""

    def __init__(self, transport: Transport, copies: Copies) -> None:
        """Prepare.

        Args:
            transport: carries the requests.
            copies: what watches have told, in place of which the API server is not asked.
        """
        self._copies = copies
        self._transport = transport
        self.request = transport.request
        """For whoever writes."""

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
            found = await self.request("get", resource.path(namespace, name), seconds=seconds)
        except Absent:
            return None
        part(found, *VERSION)
        return found

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
            answer = await self._transport.page(
                resource.path(namespace), label_selector=labels, field_selector=fields, limit=PAGE, more=more
            )
            version, more = part(answer, *VERSION), answer["metadata"].get("continue", "")
            # A list's items carry neither apiVersion nor kind.
            typed = {"apiVersion": resource.api_version, "kind": resource.kind}
            items = tuple({**typed, **item} for item in answer.get("items") or ())
            listing = Listing(items, version)
            del answer, items  # or they would be kept while the next page is fetched
            yield listing
            del listing
            if not more:
                return

    async def watch(
        self, resource: Resource, namespace: str | None, version: str, *, labels: str = ""
    ) -> AsyncIterator[tuple[str, Object]]:
        """Changes since `version` as (ADDED | MODIFIED | DELETED | BOOKMARK, object), until the server ends the watch.

        A bookmark says only how far the watch is: the API server's, and those that stand for what we wrote and know.

        Raises:
            Expired: the version is too old; list anew.
            Silent: nothing came for long; watch anew from the last version.
            ApiError: the API server refused or went away.
        """
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(WATCH_SECONDS),
            **({"labelSelector": labels} if labels else {}),
        }
        async with aclosing(self._transport.lines(resource.path(namespace), query)) as lines:
            async for line in lines:
                told = self._copies.told(resource, line)
                if told is not None:
                    yield "BOOKMARK", {"metadata": {"resourceVersion": str(told)}}
                    continue
                event = parsed(line)
                change, found = part(event, "type"), part(event, "object")
                if change == "ERROR":
                    raise api_error(int(found.get("code", 500)), str(found.get("message", "")))
                part(event, "object", *VERSION)
                yield change, found

    async def log_tail(
        self, namespace: str, pod: str, container: str, *, previous: bool, lines: int, most: int = LOG_BYTES
    ) -> str:
        """The last lines of a container's log, cut off after `most` bytes; empty where there is none.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        query = {
            "container": container,
            "tailLines": str(lines),
            "limitBytes": str(most),
            "previous": str(previous).lower(),
        }
        return await self._transport.text(PODS.path(namespace, pod, "log"), query, most)
