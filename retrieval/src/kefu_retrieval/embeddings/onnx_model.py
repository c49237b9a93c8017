"""The model embedder: a sentence encoder from a mounted folder, run by onnxruntime in this process."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kefu_retrieval.embeddings import onnx_folder, onnx_tokenizer
from kefu_retrieval.embeddings.checking import unit
from kefu_retrieval.embeddings.onnx_folder import Pooling
from kefu_retrieval.embeddings.onnx_session import Session
from kefu_retrieval.embeddings.protocol import MAX_CHARACTERS, Vectors
from kefu_retrieval.errors import EncoderMissing

BATCH = 16
"""Texts of one run; they are sorted by length first, so that little is padded."""
FIELD = "embedding.model"


class OnnxEmbedder:
    """Loads the model once; `threads` batches are encoded at a time, on one core each."""

    def __init__(self, folder: Path, threads: int = 2) -> None:
        """Load model and tokenizer.

        Raises:
            EncoderMissing: a file is absent, is not what it should be, or the model does not give one vector a text.
        """
        self._folder = onnx_folder.read(folder, FIELD)
        self._tokenizer = onnx_tokenizer.load(self._folder, FIELD)
        self._session = Session(self._folder.model)
        self._output = _output(self._session)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="encoder")
        self._dimension = int(self._run(["a"]).shape[1])

    @property
    def fingerprint(self) -> str:
        """Names the vector space by the content of the model, not by its folder."""
        return f"onnx:{self._folder.digest}:{self._dimension}"

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return self._dimension

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised row per text, in order."""
        if not texts:
            return np.empty((0, self._dimension), dtype=np.float32)
        cut = [text[:MAX_CHARACTERS] for text in texts]
        order = sorted(range(len(cut)), key=lambda number: len(cut[number]))
        batches = [[cut[number] for number in order[start : start + BATCH]] for start in range(0, len(order), BATCH)]
        loop = asyncio.get_running_loop()
        parts = await asyncio.gather(*(loop.run_in_executor(self._threads, self._run, batch) for batch in batches))
        vectors = np.empty((len(cut), self._dimension), dtype=np.float32)
        vectors[order] = np.concatenate(parts)
        return unit(vectors, len(cut), self._dimension, FIELD)

    async def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        feed = onnx_tokenizer.feed(encoded)
        wanted = {name: feed[name] for name in self._session.inputs if name in feed}
        given = self._session.run(self._output, wanted)
        hidden = np.asarray(given, dtype=np.float32)
        if hidden.ndim not in (2, 3):
            raise EncoderMissing(f"{self._folder.model} gives a tensor of {hidden.ndim} sides, not one vector a text")
        return hidden if hidden.ndim == 2 else pool(hidden, feed["attention_mask"], self._folder.pooling)


def pool(hidden: NDArray[np.float32], mask: NDArray[np.int64], pooling: Pooling) -> Vectors:
    """From (texts, tokens, dimension) to (texts, dimension); padding, wherever it stands, counts for nothing."""
    if pooling == "cls":
        first = mask.argmax(axis=1)
        return np.asarray(hidden[np.arange(len(hidden)), first])
    if pooling == "last":
        last = mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
        return np.asarray(hidden[np.arange(len(hidden)), last])
    seen = mask[:, :, None].astype(np.float32)
    if pooling == "max":
        return np.asarray(np.where(seen > 0, hidden, -np.inf).max(axis=1), dtype=np.float32)
    return np.asarray((hidden * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1e-9), dtype=np.float32)


def _output(session: Session) -> str:
    """The output that holds sentence vectors if there is one, else the tokens' last hidden state."""
    names = list(session.outputs)
    return next((name for name in ("sentence_embedding", "last_hidden_state") if name in names), names[0])
