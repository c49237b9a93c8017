"""The model reranker: a cross-encoder from a mounted folder, run by onnxruntime in this process.

Its output is a logit a pair (most cross-encoders: sigmoid gives the relevance), or two, of no and yes (softmax does); so the
log-odds are the one, or what the second is above the first.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from kefu_retrieval.embeddings import onnx_folder, onnx_tokenizer
from kefu_retrieval.embeddings.onnx_session import Session
from kefu_retrieval.errors import EncoderMissing, RerankerFailed
from kefu_retrieval.rerankers.protocol import MAX_CHARACTERS

BATCH = 4
"""Pairs of one run, which cannot be broken off: what a search no longer waits for ends with the run."""
FIELD = "reranker.model"


class OnnxReranker:
    """Loads the model once; `threads` batches are scored at a time, on one core each."""

    kind = "model"

    def __init__(self, folder: Path, template: str | None = None, threads: int = 2) -> None:
        """Load model and tokenizer; `template` makes one text of a pair.

        Raises:
            EncoderMissing: a file is absent, is not what it should be, or the model does not give one or two logits a pair.
        """
        read = onnx_folder.read(folder, FIELD)
        self._tokenizer = onnx_tokenizer.load(read, FIELD)
        self._template = template
        self._session = Session(read.model)
        names = list(self._session.outputs)
        self._output = "logits" if "logits" in names else names[0]
        self._question = max(1, read.tokens // 2)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="reranker")
        self._run("a", ["a"])

    async def score(self, question: str, passages: Sequence[str]) -> list[float]:
        """Log-odds of each passage, in order; batches are of like lengths, so that little is padded."""
        order = sorted(range(len(passages)), key=lambda number: len(passages[number]))
        batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        loop = asyncio.get_running_loop()

        async def one(batch: Sequence[int]) -> list[float]:
            return await loop.run_in_executor(self._threads, self._run, question, [passages[n] for n in batch])

        try:
            parts = await asyncio.gather(*map(one, batches))
        except EncoderMissing as error:
            raise RerankerFailed(str(error)) from error
        found = dict(zip(order, (score for part in parts for score in part), strict=True))
        return [found[number] for number in range(len(passages))]

    async def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, question: str, passages: Sequence[str]) -> list[float]:
        pairs = [self._pair(question[: self._question], passage[:MAX_CHARACTERS]) for passage in passages]
        feed = onnx_tokenizer.feed(self._tokenizer.encode_batch(pairs))
        wanted = {name: feed[name] for name in self._session.inputs if name in feed}
        logits = np.asarray(self._session.run(self._output, wanted), dtype=np.float64).reshape(len(passages), -1)
        if logits.shape[1] not in (1, 2):
            raise EncoderMissing(
                f"{FIELD} gives {logits.shape[1]} numbers a pair, not one or two logits; export a cross-encoder"
            )
        found = logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]
        if not np.all(np.isfinite(found)):
            raise EncoderMissing(f"{FIELD} gives logits that are not finite; export the model in float32")
        return [float(score) for score in found]

    def _pair(self, question: str, passage: str) -> str | tuple[str, str]:
        if self._template is None:
            return question, passage
        before, _, after = self._template.partition("{query}")
        held = [part.replace("{document}", passage) for part in (before, after)]
        return question.join(held)
