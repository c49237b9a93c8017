"""What the retrieval service counts; every label has few values."""

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

LEG_SECONDS = Histogram(
    "kefu_retrieval_leg_seconds",
    "Seconds of one part of a search: embed, dense, sparse, rerank, graph.",
    ["leg"],
    buckets=_BUCKETS,
)
SEARCH_SECONDS = Histogram(
    "kefu_retrieval_search_seconds",
    "Seconds of a whole search, by outcome: found, weak, error.",
    ["outcome"],
    buckets=_BUCKETS,
)
RERANKS = Counter(
    "kefu_retrieval_reranks_total",
    "Searches of an index by what came of asking the reranker: reranked, late, failed, resting, broken, skipped.",
    ["index", "outcome"],
)
ERRORS = Counter(
    "kefu_retrieval_errors_total", "Searches answered with an error, by code and reason.", ["code", "reason"]
)
CONFIDENCE = Histogram(
    "kefu_retrieval_confidence", "Confidence of the best hit.", buckets=[step / 10 for step in range(1, 11)]
)
PUBLISHED = Gauge("kefu_retrieval_published_info", "1 for the version that is searched now.", ["index", "version"])
SPARSE = Gauge("kefu_retrieval_sparse", "1 when the searched version has a keyword leg, 0 when it is dense only.")
GRAPHS = Counter("kefu_retrieval_graphs_total", "Graphs of versions, by outcome: made, failed.", ["outcome"])
GRAPH_PRODUCTS = Gauge("kefu_retrieval_graph_products", "Products in the graph that was made last.")
RELOADS = Counter(
    "kefu_retrieval_index_reloads_total", "Readings of a changed index document, by outcome: ok, invalid.", ["outcome"]
)
