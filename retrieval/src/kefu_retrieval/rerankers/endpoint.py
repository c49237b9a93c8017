"""The endpoint reranker: any server of `POST /v1/rerank`, as vLLM, llama.cpp and Jina speak it.

`{model, query, documents, top_n}` → `{results: [{index, relevance_score}]}`, in any order. Servers give a share from 0 to 1
(vLLM) or the model's own logit (llama.cpp): where one of the scores is no share, all are taken for log-odds.
"""

import math
from collections.abc import Sequence
from typing import Any

from kefu_api.documents.index import EndpointReranker as Target
from kefu_retrieval.errors import RerankerFailed, RerankerUnreachable
from kefu_retrieval.remote.client import Remote
from kefu_retrieval.remote.posting import Failures, post
from kefu_retrieval.rerankers.protocol import MAX_CHARACTERS, log_odds

FIELD = "reranker.endpoint"
_FAILURES = Failures(FIELD, RerankerUnreachable, RerankerFailed)


class EndpointReranker:
    """Sends all passages at once, and tries again while the server is busy."""

    kind = "endpoint"

    def __init__(self, target: Target, *, timeout: float = 30.0, attempts: int = 3, backoff: float = 0.1) -> None:
        """`timeout` in seconds per request; `backoff` in seconds before the second attempt, doubled before each later one."""
        self._target = target
        self._url = f"{target.url.rstrip('/')}/v1/rerank"
        self._remote = Remote(timeout, attempts, backoff)

    async def score(self, question: str, passages: Sequence[str]) -> list[float]:
        """Log-odds of each passage, in order."""
        return await self._remote.patiently(lambda: self._once(question, passages))

    async def close(self) -> None:
        """Close the connections."""
        await self._remote.close()

    async def _once(self, question: str, passages: Sequence[str]) -> list[float]:
        body = {
            "model": self._target.model,
            "query": question[:MAX_CHARACTERS],
            "documents": [passage[:MAX_CHARACTERS] for passage in passages],
            "top_n": len(passages),
        }
        answer = await post(self._remote, self._url, body, self._target.api_key_file, _FAILURES)
        return _scores(answer, len(passages))


def _scores(answer: Any, count: int) -> list[float]:
    """The scores of `answer` in the order of the passages, as log-odds."""
    try:
        found = {int(row["index"]): float(row["relevance_score"]) for row in answer["results"]}
        scores = [found[number] for number in range(count)]
    except (TypeError, KeyError, ValueError) as error:
        raise RerankerFailed(f"{FIELD} answers without a relevance_score for each of {count} documents") from error
    if not all(map(math.isfinite, scores)):
        raise RerankerFailed(f"{FIELD} gives scores that are not finite; run the model in float32 or bfloat16")
    shares = all(0 <= score <= 1 for score in scores)
    return [log_odds(score) for score in scores] if shares else scores
