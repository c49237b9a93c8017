"""How the reranker of an index does, where it has one and a Prometheus counts its searches."""

import logging

from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_operator.errors import PrometheusAway, QueryRefused
from kefu_operator.gather.reranks import gather_reranks
from kefu_operator.prometheus import Prometheus
from kefu_operator.status.check import Check
from kefu_operator.status.reranker_checks import check_reranker, said_before

LOOK_SECONDS = 60
"""How often Prometheus is asked: what it counts is not watched."""

log = logging.getLogger(__name__)


class RerankerLook:
    """Asks about rerankers; an installation without a Prometheus tells nothing of them."""

    def __init__(self, prometheus: Prometheus | None) -> None:
        self._prometheus = prometheus

    def is_due(self, index: KnowledgeIndex) -> bool:
        """Whether the index has anything to ask about."""
        return self._prometheus is not None and index.spec.reranker is not None

    async def __call__(self, index: KnowledgeIndex) -> Check | None:
        """The check; None where nothing can be said. A Prometheus that is away leaves what was said."""
        if self._prometheus is None or not self.is_due(index):
            return None
        before = index.status.conditions if index.status else ()
        try:
            counted = await gather_reranks(self._prometheus, index.metadata.namespace, index.metadata.name)
        except (PrometheusAway, QueryRefused) as error:
            log.warning("the reranker of %s/%s: %s", index.metadata.namespace, index.metadata.name, error)
            return said_before(before)
        return check_reranker(counted, before)
