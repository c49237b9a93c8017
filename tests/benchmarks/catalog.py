"""Every benchmark by its name, in the order of the page."""

from collections.abc import Callable

from tests.benchmarks import first_answer, llamacpp, reconcile
from tests.benchmarks.effort import Effort
from tests.benchmarks.gateway import benchmark as gateway
from tests.benchmarks.report import Report
from tests.benchmarks.retrieval import away, consistency, graph, ingestion, kills, orchestration, publishing, quality

BENCHMARKS: dict[str, Callable[[Effort], Report]] = {
    "first-answer": first_answer.run,
    "gateway": gateway.run,
    "llamacpp": llamacpp.run,
    "operator": reconcile.run,
    "retrieval-orchestration": orchestration.run,
    "retrieval-quality": quality.run,
    "retrieval-graph": graph.run,
    "retrieval-ingestion": ingestion.run,
    "retrieval-publishing": publishing.run,
    "retrieval-kills": kills.run,
    "retrieval-away": away.run,
    "retrieval-consistency": consistency.run,
}
