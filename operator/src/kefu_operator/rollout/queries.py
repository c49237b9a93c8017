"""What Prometheus is asked about one release: a value and a number of samples for each metric, since a step began.

All counters are of the gateway (`docs/reference/gateway.md`), summed over its replicas. `refused` turns are faults of the
client's and `cancelled` ones its wish: neither says anything of the release.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kefu_api.kinds.rollout import Analysis

QUANTILE = 0.95
SHORTEST_WINDOW = 5
LONGEST_WINDOW = 86_400
"""Seconds."""

FAULTS = "failed|unavailable"
SPOKEN = "answered|unknown|unavailable|failed"
"""Outcomes of turns in which the bot itself had the last word."""
HANDED = "handedOver"
DEALT = f"answered|unknown|{HANDED}"
"""Of turns in which the bot decided; not `withPerson`, in which it is silent."""
ENDED = f"{SPOKEN}|{HANDED}"


@dataclass(frozen=True)
class Subject:
    """Whose turns are counted."""

    namespace: str
    chatbot: str
    release: str
    """Name of its document, as metrics have it."""


@dataclass(frozen=True)
class Question:
    """Two PromQL expressions of one metric, each giving one sample without labels, or none."""

    metric: str
    value: str
    samples: str


def questions(analysis: Sequence[Analysis], subject: Subject, seconds: float) -> tuple[Question, ...]:
    """The questions about a release's last so many seconds."""
    window = int(min(max(seconds, SHORTEST_WINDOW), LONGEST_WINDOW))
    return tuple(_question(limit.metric, subject, window) for limit in analysis)


def _question(metric: str, subject: Subject, window: int) -> Question:
    def counted(name: str, **labels: str) -> str:
        return f"sum(increase({name}{{{_labels(subject, labels)}}}[{window}s]))"

    def share(name: str, label: str, part: str, whole: str) -> Question:
        all_of = counted(name, **{label: whole})
        # A part that was never counted has no series: it is none, as long as the whole has one.
        return Question(metric, f"({counted(name, **{label: part})} or {all_of} * 0) / {all_of}", all_of)

    def percentile(name: str) -> Question:
        buckets = f"rate({name}_bucket{{{_labels(subject, {'outcome': SPOKEN})}}}[{window}s])"
        return Question(
            metric,
            f"histogram_quantile({QUANTILE}, sum by (le) ({buckets}))",
            counted(f"{name}_count", outcome=SPOKEN),
        )

    turns, generations = "kefu_gateway_turns_total", "kefu_gateway_generations_total"
    return {
        "errorRate": lambda: share(turns, "outcome", FAULTS, ENDED),
        "refusalRate": lambda: share(generations, "fate", "declined", ".+"),
        "groundedRate": lambda: share(generations, "fate", "said", "said|dropped|quoted"),
        "handoffRate": lambda: share(turns, "outcome", HANDED, DEALT),
        "feedback": lambda: share("kefu_gateway_feedback_total", "rating", "up", "up|down"),
        "p95Latency": lambda: percentile("kefu_gateway_turn_seconds"),
        "p95FirstToken": lambda: percentile("kefu_gateway_first_token_seconds"),
    }[metric]()


def _labels(subject: Subject, more: dict[str, str]) -> str:
    exact = {"namespace": subject.namespace, "chatbot": subject.chatbot, "release": subject.release}
    matchers = [f'{name}="{value}"' for name, value in exact.items()]
    return ",".join([*matchers, *(f'{name}=~"{value}"' for name, value in more.items())])
