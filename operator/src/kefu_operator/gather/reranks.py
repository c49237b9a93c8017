"""What Prometheus counted of an index's searches by what came of asking its reranker."""

from collections.abc import Mapping

from kefu_operator.prometheus import Prometheus

WINDOW_SECONDS = 300
"""Prometheus asks each minute as a rule, and an increase wants two answers."""


async def gather_reranks(prometheus: Prometheus, namespace: str, index: str) -> Mapping[str, float]:
    """Searches of the last five minutes by outcome (docs/reference/retrieval.md); empty where none was counted.

    Raises:
        PrometheusAway: it cannot be reached or cannot answer now.
        QueryRefused: it does not understand the question.
    """
    counter = f'kefu_retrieval_reranks_total{{namespace="{namespace}",index="{index}"}}'
    samples = await prometheus.query(f"sum by (outcome) (increase({counter}[{WINDOW_SECONDS}s]))")
    return {sample.labels.get("outcome", ""): sample.value for sample in samples}
