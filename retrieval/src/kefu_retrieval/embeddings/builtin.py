"""The built-in embedder: the Universal Sentence Encoder, multilingual v3, as int8 ONNX on the CPU.

Texts are encoded one at a time on purpose. The model's quantisation looks at the whole batch, so a text's vector would
depend on its neighbours (cosine 0.998 with itself), and a batch is hardly faster (1.4 against 1.9 ms a short text).
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from pathlib import Path

import numpy as np
import onnxruntime_extensions  # type: ignore[import-untyped]

from kefu_retrieval.embeddings.onnx_session import Session
from kefu_retrieval.embeddings.protocol import MAX_CHARACTERS, Vectors
from kefu_retrieval.errors import EncoderMissing

DIMENSION = 512
FINGERPRINT = "use-multilingual-v3-int8"
_BLOCK = 64
"""Texts a thread encodes at most before it lets others take their turn."""


class BuiltinEmbedder:
    """Loads the model once; `threads` texts are encoded at a time, on one core each."""

    def __init__(self, path: Path, threads: int = 2) -> None:
        """Load the model.

        Raises:
            EncoderMissing: the file is absent, is not an ONNX model, or gives no 512-dimensional vectors.
        """
        if not path.is_file():
            raise EncoderMissing(f"the encoder's file {path} does not exist; set KEFU_ENCODER_PATH")
        self._session = Session(path, [onnxruntime_extensions.get_library_path()])
        self._input = self._session.inputs[0]
        self._output, shape = next(iter(self._session.outputs.items()))
        if shape[-1] != DIMENSION:
            raise EncoderMissing(f"{path} gives vectors of shape {shape}, not of {DIMENSION} dimensions: wrong model")
        self._count = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="encoder")

    @property
    def fingerprint(self) -> str:
        """Names the vector space."""
        return FINGERPRINT

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return DIMENSION

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised row per text, in order."""
        loop = asyncio.get_running_loop()
        size = max(1, min(_BLOCK, ceil(len(texts) / self._count)))
        blocks = [texts[start : start + size] for start in range(0, len(texts), size)]
        jobs = (loop.run_in_executor(self._threads, self._encode, block) for block in blocks)
        parts = await asyncio.gather(*jobs)
        return np.concatenate(parts) if parts else np.empty((0, DIMENSION), dtype=np.float32)

    async def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        return np.concatenate([self._encode_one(text) for text in texts])

    def _encode_one(self, text: str) -> Vectors:
        batch = np.array([text[:MAX_CHARACTERS]], dtype=object)
        vector: Vectors = self._session.run(self._output, {self._input: batch}).astype(np.float32)
        norm = float(np.linalg.norm(vector))
        return vector / norm if norm > 0 else vector
