"""The graphs at hand, by version: made aside when a version is first searched, and kept for the way back."""

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from kefu_api.documents.index import Index
from kefu_retrieval import metrics
from kefu_retrieval.errors import RetrievalError
from kefu_retrieval.graph.declared import Declared
from kefu_retrieval.graph.graph import Graph
from kefu_retrieval.graph.passages import passages
from kefu_retrieval.search.versions import Version

KEPT = 3
"""Graphs in memory: of the version that is published, and of two that releases answer from, or of those before."""
AGAIN = 30.0
"""Seconds after which a graph that could not be made is tried again."""

log = logging.getLogger(__name__)


def graphs_of(index: Index, *, wait: bool = False) -> "Graphs | None":
    """The graphs of an index, as its document wants them; None where it wants none."""
    settings = index.graph
    if settings is None:
        return None
    declared = Declared(settings.sources, settings.category, settings.fits, settings.max_products)
    return Graphs(declared, wait=wait)


class Graphs:
    """Of one index. A version is searched without its graph until that is there, and never with another's."""

    def __init__(
        self,
        declared: Declared,
        *,
        wait: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`wait`: until the graph is there, for judges, whom nobody waits for."""
        self._declared = declared
        self._wait = wait
        self._clock = clock
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="graph")
        self._graphs: OrderedDict[str, Graph] = OrderedDict()
        self._making: dict[str, asyncio.Task[None]] = {}
        self._failed: dict[str, float] = {}

    async def of(self, version: Version) -> Graph | None:
        """The version's graph; None while it is being made, or where it cannot be."""
        self.prepare(version)
        making = self._making.get(version.collection)
        if making and self._wait:
            await asyncio.shield(making)
        return self._graphs.get(version.collection)

    def prepare(self, version: Version) -> None:
        """Begin to make the version's graph, unless it is there, being made, or has just failed."""
        name = version.collection
        if name in self._graphs:
            self._graphs.move_to_end(name)
        elif name not in self._making and self._clock() - self._failed.get(name, -math.inf) >= AGAIN:
            self._making[name] = asyncio.create_task(self._make(version))

    def close(self) -> None:
        """Make no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _make(self, version: Version) -> None:
        name = version.collection
        began = self._clock()
        try:
            graph = await asyncio.get_running_loop().run_in_executor(self._threads, self._read, version)
        except RetrievalError as error:
            self._failed = {name: self._clock()}
            metrics.GRAPHS.labels("failed").inc()
            log.warning("searching without a graph", extra={"version": version.manifest.version, "error": str(error)})
            return
        finally:
            self._making.pop(name, None)
        self._graphs[name] = graph
        while len(self._graphs) > KEPT:
            self._graphs.popitem(last=False)
        metrics.GRAPHS.labels("made").inc()
        metrics.GRAPH_PRODUCTS.set(graph.products)
        log.info(
            "a graph is made",
            extra={
                "version": version.manifest.version,
                "products": graph.products,
                "left_out": graph.left_out,
                "seconds": round(self._clock() - began, 2),
            },
        )

    def _read(self, version: Version) -> Graph:
        graph = Graph(passages(version.layers), version.lexicon.vocabulary, self._declared)
        graph.warm()
        return graph
