"""Watching our own kinds: the only module that knows kopf, and all that kopf does here is to tell of changes.

It runs in a thread with a loop of its own, because `kopf.operator` takes over the signals of the main thread and ends every
task that began after it. No finalizer, annotation or event of kopf's is ever written: only `on.event` handlers are used.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path
from random import uniform
from typing import Any

import aiohttp

from kefu_api import GROUP, VERSION
from kefu_operator.client.client import PAGE
from kefu_operator.client.connect import CLOSE_SECONDS, SILENCE_SECONDS, UNLIMITED
from kefu_operator.client.way import way_to
from kefu_operator.desired.types import Object
from kefu_operator.lean_kopf import kopf
from kefu_operator.outage_log import OutageFilter
from kefu_operator.resources import CHATBOTS, INDEXES, Resource

Seen = Callable[[Resource, Object, bool], None]
"""Called in kopf's thread with the kind, the object, and whether it is gone."""

JOIN_SECONDS = 20
AGAIN_SECONDS = 5
"""Until kopf is begun anew after it has ended by itself."""
IDLE_SECONDS = 0.1
KOPFS_REQUESTS = ("kopf._cogs.clients.watching", "kopf._cogs.clients.fetching", "kopf._cogs.clients.api")
"""Loggers that tell of failed tries."""

log = logging.getLogger(__name__)


class Patience:
    """Delays between kopf's tries, in seconds: it goes on for ever, where by default it gives up after a minute."""

    def __iter__(self) -> Iterator[float]:
        """Growing to 10 s, each up to half longer."""
        return (base * uniform(1, 1.5) for base in chain((0.5, 1, 2, 5), repeat(10)))  # noqa: S311 - jitter


class Undiffed(kopf.DiffBaseStorage):
    """Keeps nothing to tell changes by, for which kopf would copy each object deeply: no handler here asks what has changed."""

    def fetch(self, **_: object) -> None:
        """None: nothing is known of before."""

    def build(self, **_: object) -> kopf.BodyEssence:
        """Nothing matters."""
        return kopf.BodyEssence({})

    def store(self, **_: object) -> None:
        """Nothing."""


class KopfThread:
    """Tells of every KnowledgeIndex and ChatbotDeployment: of all at the start, then of each change."""

    def __init__(self, seen: Seen, namespaces: Sequence[str], kubeconfig: Path | None) -> None:
        self._seen = seen
        self._namespaces = namespaces
        self._kubeconfig = kubeconfig
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kopf", daemon=True)

    def start(self) -> None:
        """Begin."""
        logging.getLogger("kopf").setLevel(logging.WARNING)
        # It complains that signals are ignored here, which is the purpose.
        logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
        outages = OutageFilter()
        for name in KOPFS_REQUESTS:
            logging.getLogger(name).addFilter(outages)
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the thread has ended, or after a while."""
        self._stop.set()
        self._thread.join(JOIN_SECONDS)

    def wait(self) -> None:
        """Return when it has ended, of itself or by `stop`."""
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether it still watches."""
        return self._thread.is_alive()

    @property
    def ready(self) -> bool:
        """Whether it has begun to watch."""
        return self._ready.is_set()

    def _run(self) -> None:
        """Until it is stopped. What ends kopf, such as an error amid a watch, is mended by listing anew."""
        while not self._stop.is_set():
            try:
                asyncio.run(self._operate())
            except Exception:
                log.exception("kopf ended with an error")
            if not self._stop.is_set():
                log.warning("kopf ended by itself and is begun anew in %d s", AGAIN_SECONDS)
                self._stop.wait(AGAIN_SECONDS)

    async def _operate(self) -> None:
        await kopf.operator(
            registry=self._registry(),
            settings=_settings(),
            standalone=True,
            clusterwide=not self._namespaces,
            namespaces=self._namespaces,
            stop_flag=self._stop,
            ready_flag=self._ready,
        )
        await asyncio.sleep(CLOSE_SECONDS)

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        for resource in (INDEXES, CHATBOTS):
            kopf.on.event(GROUP, VERSION, resource.plural, registry=registry, id=f"see-{resource.plural}")(
                self._handler(resource)
            )
        kopf.on.login(registry=registry, id="login")(self._login)
        return registry

    def _handler(self, resource: Resource) -> Callable[..., Any]:
        async def see(*, event: kopf.RawEvent, **_: Any) -> None:
            self._seen(resource, dict(event["object"]), event["type"] == "DELETED")

        return see

    async def _login(self, **_: Any) -> kopf.AiohttpSession:
        """kopf's own session, by our way; kopf closes it."""
        way = await way_to(self._kubeconfig)

        async def with_token(
            request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            if token := way.token():
                request.headers["Authorization"] = f"Bearer {token}"
            return await handler(request)

        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=UNLIMITED, ssl=way.context), proxy=way.proxy, middlewares=(with_token,)
        )
        return kopf.AiohttpSession(server=way.server, aiohttp_session=session)


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    # kopf would post every log line about an object as an event.
    settings.posting.enabled = False
    settings.posting.loggers = False
    # Without this it watches all CRDs and namespaces, which the operator has no right to.
    settings.scanning.disabled = True
    settings.persistence.diffbase_storage = Undiffed()
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    settings.networking.error_backoffs = Patience()
    # It keeps a task for each object that it told of, for so long; there may be thousands at once.
    settings.queueing.idle_timeout = IDLE_SECONDS
    # Then it watches anew from where it was.
    settings.watching.inactivity_timeout = SILENCE_SECONDS
    settings.watching.server_timeout = 290
    settings.watching.connect_timeout = 5
    settings.watching.chunk_size = PAGE
    return settings
