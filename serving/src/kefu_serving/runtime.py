"""One release made ready to serve: the conversation with all its stages.

Turns that began under a release finish under it, whatever comes into force meanwhile.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import ClientSession
from redis.asyncio import Redis

from kefu_api.documents.release import Handoff, Release, SessionStore
from kefu_serving.clients.engine import EngineClient
from kefu_serving.clients.fallback import FallbackEngine
from kefu_serving.clients.prefix import PrefixClient
from kefu_serving.clients.retrieval import RetrievalClient
from kefu_serving.clients.webhook import Couriers, Webhook
from kefu_serving.desk import Desk, Teller
from kefu_serving.metrics import Instruments, Metrics
from kefu_serving.prompt.compose import Message, constant_part
from kefu_serving.sessions.bounded import Bounded
from kefu_serving.sessions.connection import COOLDOWN_SECONDS, connect
from kefu_serving.sessions.cooldown import Cooldown
from kefu_serving.sessions.handoffs import Handoffs
from kefu_serving.sessions.memory import Memory
from kefu_serving.sessions.redis import RedisSessions
from kefu_serving.sessions.tally import Tally
from kefu_serving.tracing import Tracing
from kefu_serving.turn.conversation import Announce, Conversation
from kefu_serving.turn.decide import Decide
from kefu_serving.turn.generate import Generate
from kefu_serving.turn.handoff import Doubt, Handover, Yield
from kefu_serving.turn.record import Record, Report
from kefu_serving.turn.remember import Remember
from kefu_serving.turn.retrieve import Retrieve
from kefu_serving.turn.stage import Stage
from kefu_serving.turn.understand import Understand
from kefu_serving.turn.validate import Validate
from kefu_serving.waking import Demand, Waking
from kefu_serving.warmup import Warmup


@dataclass(frozen=True, slots=True)
class Runtime:
    """A release in force."""

    release: Release
    conversation: Conversation
    sessions: RedisSessions
    metrics: Metrics
    desk: Desk | None = None
    """None: no release that is served hands anything over."""
    lent: Handoff | None = None
    """By which it has a desk without handing anything over itself."""
    warming: asyncio.Task[None] | None = None

    def retire(self) -> None:
        """End what goes on without turns; those that run finish."""
        if self.warming:
            self.warming.cancel()


class RuntimeFactory:
    """Makes runtimes out of releases; what outlives a release (connections, metrics, tracing) is shared by them."""

    def __init__(
        self,
        http: ClientSession,
        instruments: Instruments,
        tracing: Tracing,
        salt: bytes,
        couriers: Couriers | None = None,
        redis: Callable[[SessionStore], Redis] = connect,
    ) -> None:
        self._http = http
        self._instruments = instruments
        self._tracing = tracing
        self._salt = salt
        self._couriers = couriers or Couriers()
        self._connect = redis
        self._redis: dict[SessionStore, tuple[Redis, Cooldown]] = {}

    def make(self, release: Release, lent: Handoff | None = None) -> Runtime:
        """The runtime of a release; its warm-up begins.

        Args:
            release: to be served.
            lent: terms of another that is served, where this one hands nothing over: what people have is theirs
                whichever release would answer.
        """
        metrics = Metrics(self._instruments, release.namespace, release.chatbot, release.name)
        own, terms = release.handoff, release.handoff or lent
        sessions, handoffs = self._sessions(release, terms)
        desk = self._desk(release, terms, handoffs, metrics)
        targets = [RetrievalClient(self._http, target) for target in release.knowledge]
        servers = (release.engine, *release.engine.fallbacks)
        engines = [EngineClient(self._http, server, release.budget.tokens) for server in servers]
        engine = FallbackEngine(engines) if release.engine.fallbacks else engines[0]
        constant = constant_part(release.persona)
        warmup = self._warmup(release, constant)
        handover = Handover(desk.handoffs, desk.teller, metrics, own.budget if own else None) if desk else None
        below = own.below if own else None
        stages: tuple[Stage, ...] = (
            Validate(),
            Announce(),
            Remember(sessions, release.session.window, metrics, handoffs),
            Understand(release.persona.languages),
            *((Yield(handover, gives=own is not None and own.on_request),) if handover else ()),
            Retrieve(targets, self._tracing, metrics),
            Decide(),
            *((Doubt(handover, below),) if handover and below is not None else ()),
            Generate(
                engine,
                constant,
                release.budget.total_seconds,
                self._tracing,
                metrics,
                warmup,
                self._waking(release),
            ),
            Record(sessions, metrics),
        )
        report = Report(metrics, self._tracing, self._salt)
        conversation = Conversation(stages, report, self._tracing, metrics)
        warming = asyncio.create_task(warmup.run()) if warmup else None
        return Runtime(release, conversation, sessions, metrics, desk, lent, warming)

    async def close(self) -> None:
        """Closes the connections to Redis."""
        for client, _ in self._redis.values():
            await client.aclose()

    def _warmup(self, release: Release, constant: Sequence[Message]) -> Warmup | None:
        if release.engine.prefixes == "Forgotten":
            return None
        return Warmup(PrefixClient(self._http, release.engine, f"{release.namespace}/{release.chatbot}"), constant)

    def _waking(self, release: Release) -> Waking | None:
        """None where somebody else runs the engine."""
        if not release.engine.name:
            return None
        demand = Demand(self._instruments, release.namespace, release.chatbot, release.engine.name)
        return Waking(self._http, release.engine, demand)

    def _desk(
        self, release: Release, terms: Handoff | None, handoffs: Handoffs | None, metrics: Metrics
    ) -> Desk | None:
        if handoffs is None or terms is None:
            return None
        target = terms.webhook
        webhook = Webhook(self._http, target, self._couriers, metrics.undelivered) if target else None
        return Desk(handoffs, Teller(release.namespace, release.chatbot, webhook))

    def _sessions(self, release: Release, terms: Handoff | None) -> tuple[RedisSessions, Handoffs | None]:
        store = release.session
        # Those that keep it otherwise talk to the same server.
        server = store.model_copy(update={"ttl_seconds": 0, "window": 0})
        if server not in self._redis:
            self._redis[server] = (self._connect(server), Cooldown(COOLDOWN_SECONDS))
        client, cooldown = self._redis[server]
        scope = f"{release.namespace}/{release.chatbot}"
        memory = Memory(client, scope, store.ttl_seconds, store.window, Bounded(cooldown))
        if terms is None:
            return RedisSessions(memory), None
        tally = Tally(scope)
        counted = tally if terms.budget is not None else None
        return RedisSessions(memory, counted, staffed=True), Handoffs(memory, tally)
