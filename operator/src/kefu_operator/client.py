"""The API server as the operator sees it: typed errors, a time limit on every call, plain JSON objects.

This wraps the asyncio half of the official client; only this module knows it. Writes go through `Applier`.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from kubernetes.aio import client as official
from kubernetes.aio import config
from kubernetes.aio.dynamic import DynamicClient
from kubernetes.aio.dynamic.exceptions import DynamicApiError

from kefu_operator.desired.types import Object
from kefu_operator.errors import Absent, SettingsError, Unavailable, api_error
from kefu_operator.resources import PODS, Resource

CALL_SECONDS = 30.0
"""Every call but a watch."""
CONNECT_SECONDS = 5
WATCH_SECONDS = 290
"""How long the API server keeps one watch open."""
SILENCE_SECONDS = 90
"""A watch that says nothing for so long is dead: bookmarks come every minute."""
CLOSE_SECONDS = 0.25
"""TLS connections end a moment after their session (aiohttp, "Graceful Shutdown"); a loop must not close before."""
PAGE = 500
"""Objects an answer to a list."""


Guard = Callable[[], object]
"""Asked when a request's bytes are about to be sent; what it raises keeps them from it."""
_guard: ContextVar[Guard | None] = ContextVar("guard", default=None)


@dataclass(frozen=True)
class Listing:
    """What a list gave."""

    items: tuple[Object, ...]
    version: str
    """Resource version to watch from."""


class Client:
    """Reads objects, and carries the requests of the writer."""

    def __init__(self, dynamic: DynamicClient, silence: float = SILENCE_SECONDS) -> None:
        """Prepare.

        Args:
            dynamic: the official client.
            silence: seconds after which a watch that says nothing is broken off.
        """
        self._dynamic = dynamic
        self._watch = aiohttp.ClientTimeout(total=WATCH_SECONDS + 30, sock_connect=CONNECT_SECONDS, sock_read=silence)

    async def get(
        self, resource: Resource, namespace: str, name: str, *, seconds: float = CALL_SECONDS
    ) -> Object | None:
        """One object within so many seconds, or None where there is none of that name.

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
        items: list[Object] = []
        more: str | None = None
        while True:
            answer = await self.request(
                "get",
                resource.path(namespace),
                label_selector=labels or None,
                field_selector=fields or None,
                limit=PAGE,
                _continue=more,
            )
            items += answer.get("items", ())
            more = answer["metadata"].get("continue")
            if not more:
                # A list's items carry neither apiVersion nor kind.
                typed = {"apiVersion": resource.api_version, "kind": resource.kind}
                return Listing(tuple({**typed, **item} for item in items), answer["metadata"]["resourceVersion"])

    async def watch(
        self, resource: Resource, namespace: str | None, version: str, *, labels: str = ""
    ) -> AsyncIterator[tuple[str, Object]]:
        """Changes since `version` as (ADDED | MODIFIED | DELETED | BOOKMARK, object), until the server ends the watch.

        Raises:
            Expired: the version is too old; list anew.
            ApiError: the API server refused or went away.
        """
        _guard.set(None)
        with _translated():
            answer = await self._dynamic.request(
                "get",
                resource.path(namespace),
                serialize=False,
                label_selector=labels or None,
                resource_version=version,
                timeout_seconds=WATCH_SECONDS,
                watch=True,
                query_params=[("allowWatchBookmarks", "true")],
                _request_timeout=self._watch,
            )
            async with answer:
                while line := await answer.content.readline():
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        status = event["object"]
                        raise api_error(int(status.get("code", 500)), str(status.get("message", "")))
                    yield event["type"], event["object"]

    async def log_tail(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> str:
        """The last lines of a container's log, at most 4 KiB; empty where there is none.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        query = [
            ("container", container),
            ("tailLines", str(lines)),
            ("limitBytes", "4096"),
            ("previous", str(previous).lower()),
        ]
        _guard.set(None)
        with _translated():
            answer = await self._dynamic.request(
                "get",
                PODS.path(namespace, pod, "log"),
                serialize=False,
                query_params=query,
                header_params={"accept": "*/*"},
                _request_timeout=_within(CALL_SECONDS),
            )
            async with answer:
                text: bytes = await answer.content.read(4096)
                return text.decode(errors="replace")

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        seconds: float = CALL_SECONDS,
        guard: Guard | None = None,
        **options: Any,
    ) -> Object:
        """One call that answers with an object, within so many seconds.

        A guard is asked last of all: between a call's begin and its bytes may lie a connection that is made first.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        _guard.set(guard)
        with _translated():
            answer = await self._dynamic.request(
                method, path, body=body, serialize=False, _request_timeout=_within(seconds), **options
            )
            async with answer:
                found: Object = await answer.json(content_type=None)
                return found


def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=min(seconds, CONNECT_SECONDS))


class _translated:  # noqa: N801 - reads as a verb where it is used
    """Turns the official client's exceptions into ours, the original chained."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DynamicApiError):
            raise api_error(error.status or 0, _message(error), _retry_after(error)) from error
        if isinstance(error, aiohttp.ClientError | TimeoutError | OSError):
            raise Unavailable(f"the API server cannot be reached: {type(error).__name__}: {error}") from error


def _asking_guards() -> aiohttp.TraceConfig:
    async def ask(*_: object) -> None:
        guard = _guard.get()
        if guard:
            guard()

    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(ask)
    return trace


def _message(error: DynamicApiError) -> str:
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else error.body or ""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return str(body or error.reason)[:500]


def _retry_after(error: DynamicApiError) -> float:
    text = (error.headers or {}).get("Retry-After", "")
    return float(text) if text.isdigit() else 0


@asynccontextmanager
async def connect(kubeconfig: Path | None = None, silence: float = SILENCE_SECONDS) -> AsyncIterator[Client]:
    """A client by the kubeconfig, or by the pod's service account, whose token is read anew when it changes.

    Raises:
        SettingsError: neither is there.
    """
    configuration = official.Configuration()
    try:
        if kubeconfig:
            await config.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=str(kubeconfig), client_configuration=configuration
            )
        else:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except config.ConfigException as error:
        raise SettingsError(f"no way to the API server: {error}; set KUBECONFIG, or run in a pod") from error
    configuration.trace_configs = [_asking_guards()]
    async with official.ApiClient(configuration) as connection:
        connection.user_agent = f"kefu-operator/{os.environ.get('KEFU_VERSION', 'dev')}"
        yield Client(DynamicClient(connection), silence)  # type: ignore[no-untyped-call]
    await asyncio.sleep(CLOSE_SECONDS)
