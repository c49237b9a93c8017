"""The built-in encoder's vectors, kept between runs: a text is encoded once on this machine."""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from kefu_retrieval.embeddings.protocol import Embedder, Vectors

LOOKUP = 500


class KeptEmbedder:
    """An embedder that asks `inner` only for what it has not encoded before; vectors are those of `inner`."""

    def __init__(self, inner: Embedder, folder: Path) -> None:
        """Keep vectors in `folder`, in a file named for the vector space."""
        folder.mkdir(parents=True, exist_ok=True)
        self._inner = inner
        self._kept = sqlite3.connect(folder / f"{inner.fingerprint}.sqlite", timeout=60, check_same_thread=False)
        with self._kept:
            self._kept.execute("create table if not exists vectors (key text primary key, vector blob)")

    @property
    def fingerprint(self) -> str:
        """Names the vector space."""
        return self._inner.fingerprint

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return self._inner.dimension

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised row per text, in order."""
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        known = self._known(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            made = await self._inner.embed(list(missing.values()))
            known |= dict(zip(missing, made, strict=True))
            with self._kept:
                rows = [(key, known[key].astype(np.float32).tobytes()) for key in missing]
                self._kept.executemany("insert or replace into vectors values (?, ?)", rows)
        return np.stack([known[key] for key in keys]) if keys else np.empty((0, self.dimension), dtype=np.float32)

    async def close(self) -> None:
        """Close the file and the encoder."""
        self._kept.close()
        await self._inner.close()

    def _known(self, keys: Sequence[str]) -> dict[str, Vectors]:
        found: dict[str, Vectors] = {}
        for part in _parts(keys):
            marks = ",".join("?" * len(part))
            rows = self._kept.execute(f"select key, vector from vectors where key in ({marks})", part)  # noqa: S608
            found |= {key: np.frombuffer(vector, dtype=np.float32) for key, vector in rows}
        return found


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), LOOKUP):
        yield keys[start : start + LOOKUP]
