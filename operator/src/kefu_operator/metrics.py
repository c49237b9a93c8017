"""Prometheus metrics of the operator; every label is bounded."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """All series, in a registry that the caller chooses."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.queue_depth = Gauge(
            "kefu_operator_queue_depth", "Keys that wait for a reconcile.", ["kind"], registry=registry
        )
        self.reconciles = Counter(
            "kefu_operator_reconciles_total", "Reconciles by outcome.", ["kind", "outcome"], registry=registry
        )
        self.seconds = Histogram(
            "kefu_operator_reconcile_seconds", "Duration of a reconcile in seconds.", ["kind"], registry=registry
        )
        self.writes = Counter(
            "kefu_operator_writes_total", "Writes to the API server.", ["kind", "verb"], registry=registry
        )
        self.skipped = Counter(
            "kefu_operator_writes_skipped_total",
            "Objects that already held what would have been written.",
            ["kind"],
            registry=registry,
        )
        self.events = Counter(
            "kefu_operator_events_total",
            "Events by what became of them: posted, counted on, or dropped as one too many of their object.",
            ["outcome"],
            registry=registry,
        )
        self.leading = Gauge(
            "kefu_operator_leading", "1 where this operator holds the lease, and so writes; else 0.", registry=registry
        )
        self.rivals = Gauge(
            "kefu_operator_rivals", "Other releases of Kefu that write in the same namespaces.", registry=registry
        )
        self.watch_restarts = Counter(
            "kefu_operator_watch_restarts_total", "Watches begun anew, by cause.", ["kind", "cause"], registry=registry
        )
        self.watch_seen = Gauge(
            "kefu_operator_watch_last_seen_seconds",
            "When a watch last heard of the API server (Unix time).",
            ["kind"],
            registry=registry,
        )
