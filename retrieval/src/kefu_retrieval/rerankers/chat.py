"""The chat reranker: a language model asked, of each passage, whether it answers the question; one token and its log probabilities.

    log-odds = log Σ p(yes-like tokens) - log Σ p(no-like tokens)   among the most likely `TOP`

so that no answer has to be read, and a model without training as a reranker orders well when it is large enough ("Yes/no
likelihood": Sachan et al., "Improving passage retrieval with zero-shot question generation", 2022, and Qwen3-Reranker). A side of
which no token is among those counts as half the least likely one.
"""

import math
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from kefu_api.documents.index import ChatReranker as Target
from kefu_retrieval.errors import RerankerFailed, RerankerUnreachable
from kefu_retrieval.remote.client import Remote
from kefu_retrieval.remote.posting import Failures, post
from kefu_retrieval.sources.text import language

FIELD = "reranker.chat"
_FAILURES = Failures(FIELD, RerankerUnreachable, RerankerFailed)
TOP = 10
"""Most likely tokens asked for; servers give at most 20."""
CHARACTERS = 1_200
"""Of a passage, and of a question: each is read anew for each pair."""
_YES = frozenset({"yes", "是", "是的", "能", "可以"})
_NO = frozenset({"no", "not", "否", "不", "不是", "不能", "没有", "没"})
_SYSTEM = {
    "zh": "判断文档能否回答问题。只回答“是”或“否”。",
    "en": 'Judge whether the document answers the question. Answer only "yes" or "no".',
}
_USER = {
    "zh": "问题：{question}\n\n文档：{passage}\n\n这份文档回答了这个问题吗？",
    "en": "Question: {question}\n\nDocument: {passage}\n\nDoes the document answer the question?",
}


class ChatReranker:
    """Asks about a few passages at once."""

    kind = "chat"

    def __init__(self, target: Target, *, timeout: float = 30.0, attempts: int = 3, backoff: float = 0.1) -> None:
        """`timeout` in seconds per request; `backoff` in seconds before the second attempt, doubled before each later one."""
        self._target = target
        self._url = f"{target.url.rstrip('/')}/v1/chat/completions"
        self._remote = Remote(timeout, attempts, backoff)

    async def score(self, question: str, passages: Sequence[str]) -> list[float]:
        """Log-odds of each passage, in order."""
        return await self._remote.all_of([partial(self._once, question, passage) for passage in passages])

    async def close(self) -> None:
        """Close the connections."""
        await self._remote.close()

    async def _once(self, question: str, passage: str) -> float:
        body = {"model": self._target.model, **request(question, passage)}
        return _log_odds(await post(self._remote, self._url, body, self._target.api_key_file, _FAILURES))


def request(question: str, passage: str) -> dict[str, Any]:
    """What is asked, in the language of the question; what is the same for all passages comes first, for the prefix cache."""
    spoken = "zh" if language.detect(question) == "zh" else "en"
    asked = _USER[spoken].format(question=question[:CHARACTERS], passage=passage[:CHARACTERS])
    messages = [{"role": "system", "content": _SYSTEM[spoken]}, {"role": "user", "content": asked}]
    return {"messages": messages, "max_tokens": 1, "temperature": 0, "logprobs": True, "top_logprobs": TOP}


def yes_over_no(tokens: Iterable[tuple[str, float]]) -> float:
    """Log-odds by the formula above, of tokens and their log probabilities.

    Raises:
        RerankerFailed: none of the tokens is yes or no.
    """
    likely = [(_plain(token), value) for token, value in tokens if math.isfinite(value)]
    least = min((value for _, value in likely), default=0.0) - math.log(2)
    yes = [value for token, value in likely if token in _YES]
    no = [value for token, value in likely if token in _NO]
    if not yes and not no:
        raise RerankerFailed(f"{FIELD}'s model answers neither yes nor no; choose an instruction-tuned model")
    return _sum(yes or [least]) - _sum(no or [least])


def _log_odds(answer: Any) -> float:
    try:
        likely = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        tokens = [(str(each["token"]), float(each["logprob"])) for each in likely]
    except (TypeError, KeyError, IndexError, ValueError) as error:
        raise RerankerFailed(
            f"{FIELD} answers without log probabilities; choose a server that gives logprobs"
        ) from error
    return yes_over_no(tokens)


def _plain(token: str) -> str:
    return token.strip(" \n\t\"'“”.。,，:：*").lower()


def _sum(logs: Sequence[float]) -> float:
    most = max(logs)
    return most + math.log(sum(math.exp(each - most) for each in logs))
