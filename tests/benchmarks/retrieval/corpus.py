"""Made-up knowledge of any size, the same on every machine: words that differ in how common they are, and random vectors."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kefu_retrieval.embeddings.protocol import Vectors

DIMENSION = 384
_SYLLABLES = (
    "ba",
    "cor",
    "dil",
    "fen",
    "gar",
    "hol",
    "jin",
    "kel",
    "lum",
    "mor",
    "nat",
    "pri",
    "quo",
    "ras",
    "sol",
    "tur",
)
_SUBJECTS = ("退货", "运费", "发票", "保修", "会员", "优惠券", "尺码", "换货", "快递", "支付")


@dataclass(frozen=True)
class Entry:
    """A text and its unit vector."""

    id: str
    text: str
    vector: Vectors


def texts(count: int, seed: int = 5, words: int = 40) -> list[str]:
    """Texts of so many words, of which the common ones are common (ranks by Zipf's law) and each begins with its number."""
    draw = random.Random(seed)  # noqa: S311
    vocabulary = sorted({"".join(draw.choices(_SYLLABLES, k=3)) for _ in range(3_000)})
    weights = [1 / rank for rank in range(1, len(vocabulary) + 1)]
    return [
        f"n{number} {draw.choice(_SUBJECTS)} {' '.join(draw.choices(vocabulary, weights, k=words))}."
        for number in range(count)
    ]


def entries(count: int, seed: int = 5) -> list[Entry]:
    """Texts with random unit vectors."""
    drawn = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return [Entry(f"e{number}", text, vectors[number]) for number, text in enumerate(texts(count, seed))]


def queries(of: Sequence[Entry], count: int, seed: int = 7) -> list[Entry]:
    """Questions that share words with an entry, and point near its vector."""
    draw, noise = random.Random(seed), np.random.default_rng(seed)  # noqa: S311
    made = []
    for number, entry in enumerate(draw.choices(of, k=count)):
        vector = entry.vector + 0.02 * noise.standard_normal(DIMENSION).astype(np.float32)
        text = " ".join(entry.text.split()[1:10])
        unit = np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
        made.append(Entry(f"q{number}", f"{text}? {number}", unit))
    return made
