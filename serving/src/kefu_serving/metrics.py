"""Prometheus metrics of the gateway; every label is bounded by what the operator declares, never by what users send."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from kefu_api.codes import Code
from kefu_api.documents.variants import Variants
from kefu_api.wire.chat import HandoffReason
from kefu_api.wire.feedback import Rating
from kefu_serving.turn.state import Channel, Turn

_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.2, 2, 3, 5, 8, 15, 30, 60)
_RELEASE = ("namespace", "chatbot", "release")

OUTCOMES = ("answered", "unknown", "unavailable", "refused", "failed", "cancelled")
OF_HANDOFFS = ("handedOver", "withPerson")
"""Outcomes of releases that hand conversations over."""
SPOKEN = ("answered", "unknown", "unavailable", "failed")
"""Outcomes by whose times a rollout judges a release."""

Fate = Literal["said", "dropped", "quoted", "declined"]
"""What became of the model's words: all said; said until a sentence without evidence; the passage quoted in their place;
the model said that it does not know."""

Withheld = Literal["budget", "full", "away"]
"""Why a conversation was not handed over: the day's budget was spent; too many are open; the session store was away."""

log = logging.getLogger(__name__)


class Instruments:
    """The process's metrics, registered once; survives changes of release."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        told = (*_RELEASE, "variant", "channel", "outcome")
        self.turns = Counter("kefu_gateway_turns", "Turns by how they ended", told, registry=registry)
        self.turn_seconds = Histogram(
            "kefu_gateway_turn_seconds", "Whole turn", told, buckets=_SECONDS, registry=registry
        )
        self.first_token = Histogram(
            "kefu_gateway_first_token_seconds", "Until the first text", told, buckets=_SECONDS, registry=registry
        )
        self.tokens = Counter(
            "kefu_gateway_tokens", "Tokens as the engine counts them", (*_RELEASE, "kind"), registry=registry
        )
        self.in_flight = Gauge("kefu_gateway_turns_in_flight", "Turns under way", registry=registry)
        self.session_errors = Counter(
            "kefu_session_errors",
            "Turns touched by an absent session store",
            (*_RELEASE, "operation"),
            registry=registry,
        )
        self.upstream_errors = Counter(
            "kefu_gateway_upstream_errors", "Faults of retrieval and engine", (*_RELEASE, "code"), registry=registry
        )
        self.unsupported = Counter(
            "kefu_gateway_unsupported",
            "Answers in which a sentence was not borne out by its evidence",
            (*_RELEASE, "remedy"),
            registry=registry,
        )
        engine = ("namespace", "chatbot", "engine")
        self.engine_held = Gauge(
            "kefu_gateway_engine_held", "Turns that wait for an engine without pods", engine, registry=registry
        )
        self.engine_asked = Gauge(
            "kefu_gateway_engine_asked_timestamp_seconds",
            "When a turn last needed the engine (Unix time); 0: not since the gateway started",
            engine,
            registry=registry,
        )
        self.engine_waits = Counter(
            "kefu_gateway_engine_waits", "Turns that were held for an engine without pods", engine, registry=registry
        )
        self.generations = Counter(
            "kefu_gateway_generations",
            "Answers that the model wrote, by what became of them",
            (*_RELEASE, "fate"),
            registry=registry,
        )
        self.feedback = Counter(
            "kefu_gateway_feedback", "Answers that customers rated", (*_RELEASE, "rating"), registry=registry
        )
        self.handoffs = Counter(
            "kefu_gateway_handoffs",
            "Conversations that were handed to a person",
            (*_RELEASE, "reason"),
            registry=registry,
        )
        self.handoffs_withheld = Counter(
            "kefu_gateway_handoffs_withheld",
            "Turns that wanted a person and got none",
            (*_RELEASE, "cause"),
            registry=registry,
        )
        self.webhooks_undelivered = Counter(
            "kefu_gateway_handoff_events_undelivered",
            "Events of hand-offs that the webhook did not take",
            (*_RELEASE, "event"),
            registry=registry,
        )
        self.shadows_dropped = Counter(
            "kefu_gateway_shadow_turns_dropped", "Turns that no shadow was asked, for want of room", registry=registry
        )
        self.unauthorized = Counter("kefu_gateway_unauthorized", "Requests without a valid key", registry=registry)
        self.release_info = Gauge(
            "kefu_gateway_release_info", "1 for each release in force", (*_RELEASE, "variant"), registry=registry
        )
        self.variant_weight = Gauge(
            "kefu_gateway_variant_weight_percent",
            "Share of the customers that a release has",
            (*_RELEASE, "variant"),
            registry=registry,
        )
        self._of_releases = (
            self.turns,
            self.turn_seconds,
            self.first_token,
            self.tokens,
            self.session_errors,
            self.upstream_errors,
            self.unsupported,
            self.generations,
            self.feedback,
            self.handoffs,
            self.handoffs_withheld,
            self.webhooks_undelivered,
        )
        self._in_force: frozenset[str] = frozenset()
        self._left: frozenset[str] = frozenset()
        """Releases that were in force until the last change: what they counted last is yet to be scraped."""

    def in_force(self, document: Variants) -> None:
        """Shows the releases in force, and forgets those before the last ones, so that series do not grow for ever."""
        self.release_info.clear()
        self.variant_weight.clear()
        names = set()
        for variant in document.variants:
            release = variant.release
            names.add(release.name)
            labels = (release.namespace, release.chatbot, release.name, variant.role.value)
            self.release_info.labels(*labels).set(1)
            self.variant_weight.labels(*labels).set(variant.weight)
            self._begin(labels, hands_over=release.handoff is not None)
        for name in self._left - names:
            for instrument in self._of_releases:
                instrument.remove_by_labels({"release": name})
        self._left, self._in_force = self._in_force - names, frozenset(names)

    def _begin(self, labels: tuple[str, str, str, str], *, hands_over: bool) -> None:
        """Shows at 0 what a rollout asks of a release: of a series that begins with 1, Prometheus sees no increase."""
        for reason in HandoffReason if hands_over else ():
            self.handoffs.labels(*labels[:3], reason.value)
        for channel, outcome in product(Channel, OUTCOMES + (OF_HANDOFFS if hands_over else ())):
            self.turns.labels(*labels, channel.value, outcome)
        for channel, outcome in product(Channel, SPOKEN):
            self.turn_seconds.labels(*labels, channel.value, outcome)
            self.first_token.labels(*labels, channel.value, outcome)
        for fate in get_args(Fate):
            self.generations.labels(*labels[:3], fate)
        for rating in Rating:
            self.feedback.labels(*labels[:3], rating.value)

    def expose(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)


class Metrics:
    """The instruments as one release sees them."""

    def __init__(self, instruments: Instruments, namespace: str, chatbot: str, release: str) -> None:
        self.release = release
        self._instruments = instruments
        self._labels = (namespace, chatbot, release)
        self._in_flight = instruments.in_flight

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Counts a turn as under way."""
        self._in_flight.inc()
        try:
            yield
        finally:
            self._in_flight.dec()

    def turn(self, turn: Turn, outcome: str, seconds: float) -> None:
        """Counts a turn that has ended."""
        told = (*self._labels, turn.asked.variant, turn.asked.channel.value, outcome)
        self._instruments.turns.labels(*told).inc()
        self._instruments.turn_seconds.labels(*told).observe(seconds)
        if turn.first_token is not None:
            self._instruments.first_token.labels(*told).observe(turn.first_token)
        if turn.completion_tokens:
            self._instruments.tokens.labels(*self._labels, "prompt").inc(turn.prompt_tokens)
            self._instruments.tokens.labels(*self._labels, "completion").inc(turn.completion_tokens)

    def generation(self, fate: Fate) -> None:
        """Counts an answer that the model wrote."""
        self._instruments.generations.labels(*self._labels, fate).inc()

    def feedback(self, rating: Rating) -> None:
        """Counts an answer that a customer rated."""
        self._instruments.feedback.labels(*self._labels, rating.value).inc()

    def handoff(self, reason: HandoffReason) -> None:
        """Counts a conversation that was handed to a person."""
        self._instruments.handoffs.labels(*self._labels, reason.value).inc()

    def handoff_withheld(self, cause: Withheld) -> None:
        """Counts a turn that wanted a person and got none."""
        self._instruments.handoffs_withheld.labels(*self._labels, cause).inc()

    def undelivered(self, event: str) -> None:
        """Counts an event of a hand-off that the webhook did not take."""
        self._instruments.webhooks_undelivered.labels(*self._labels, event).inc()

    def unsupported(self, remedy: str) -> None:
        """Counts an answer with an unsupported sentence: `quoted` in place of the answer, or `dropped` from its end."""
        self._instruments.unsupported.labels(*self._labels, remedy).inc()

    def session_error(self, operation: str) -> None:
        """Counts a turn that did without its memory (`load`), or could not be remembered (`append`) or handed over (`handoff`)."""
        self._instruments.session_errors.labels(*self._labels, operation).inc()

    def upstream_error(self, code: Code, reason: str) -> None:
        """Counts and logs a fault of retrieval or engine."""
        self._instruments.upstream_errors.labels(*self._labels, code.value).inc()
        log.warning("upstream fault", extra={"fields": {"code": code.value, "reason": reason[:300]}})
