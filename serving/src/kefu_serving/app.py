"""Putting the process together: the one place where collaborators meet."""

import asyncio

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry

from kefu_api.documents.variants import Variants
from kefu_serving import keys, release
from kefu_serving.clients.http import new_session
from kefu_serving.clients.webhook import Couriers
from kefu_serving.keys import KeyRing
from kefu_serving.metrics import Instruments
from kefu_serving.runtime import RuntimeFactory
from kefu_serving.server import serve_both, server
from kefu_serving.settings import Settings
from kefu_serving.state import State
from kefu_serving.tracing import Tracing, provider
from kefu_serving.variants.mirror import Mirror
from kefu_serving.variants.serving import Roster
from kefu_serving.watch import Watched
from kefu_serving.web.admin import AdminApp
from kefu_serving.web.page import Page
from kefu_serving.web.public import PublicApp


def new_registry() -> CollectorRegistry:
    """A registry with the process's own figures in it."""
    registry = CollectorRegistry()
    for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    return registry


async def run(settings: Settings) -> None:
    """Serves until a signal asks to stop."""
    instruments = Instruments(new_registry())
    traces = provider(settings.tracing)
    state = State()
    async with new_session() as http:
        couriers = Couriers()
        factory = RuntimeFactory(http, instruments, Tracing(traces), settings.salt, couriers)

        mirror = Mirror(instruments)
        roster = Roster(factory.make, instruments, mirror, settings.salt)

        def use_releases(document: Variants) -> None:
            state.serving = roster.follow(document)

        def use_keys(ring: KeyRing) -> None:
            state.keys = ring

        def use_desk_keys(ring: KeyRing) -> None:
            state.desk_keys = ring

        watches: list[Watched[Variants] | Watched[KeyRing]] = [
            Watched(release.file_of(settings.release), release.read, use_releases),
            Watched(settings.keys, keys.read, use_keys),
        ]
        if settings.desk_keys:
            watches.append(Watched(settings.desk_keys, keys.read, use_desk_keys))
        for watch in watches:
            watch.look()
        followers = [asyncio.create_task(watch.follow()) for watch in watches]
        public = server(PublicApp(state, Page(), instruments, settings.salt), settings.grace)
        admin = server(AdminApp(state, instruments, http), 1)
        try:
            await serve_both(settings, state, public, admin)
        finally:
            for follower in followers:
                follower.cancel()
            await asyncio.gather(*followers, return_exceptions=True)
            roster.close()
            await mirror.close()
            await couriers.close()
            await factory.close()
    if traces:
        traces.shutdown()
