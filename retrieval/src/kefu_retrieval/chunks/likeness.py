"""Chunks that say nearly the same: found by MinHash over shingles, so that each is compared with few others.

They are reported and stay: "returned within 7 days" and "returned within 15 days" differ in the one thing that matters. Which
of them holds is for a person to say.

Sources: Broder, "On the resemblance and containment of documents", SEQUENCES 1997; banding as in Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", chapter 3.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHINGLE = 5
"""Characters; a sketch of shorter shingles finds every two Chinese sentences alike."""
SHORTEST = 40
"""Characters below which texts are not compared: short answers are alike by nature."""
ALIKE = 0.8
"""Share of common shingles (Jaccard) from which two chunks are reported."""
_HASHES = 64
_BANDS = 16
"""Of four hashes each: a pair with 0.8 in common meets in one of them with a probability of 0.9998, one with 0.4 in a third."""
_CROWD = 50
"""Chunks of one band that are compared with each other; a larger crowd is one text many times, of which some pairs tell."""
_BLOCK = 40_000
"""Pairs that are compared at once: 2.5 MB of sketches twice."""
_CHANCE = 1 / 256
"""Probability that two hashes agree in the eight bits that are kept (Li and König, "b-bit minwise hashing", WWW 2010)."""
_RANDOM = np.random.default_rng(2018)
_FACTORS = _RANDOM.integers(1, 2**63, _HASHES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OFFSETS = _RANDOM.integers(0, 2**63, _HASHES, dtype=np.uint64)
_PLACES = np.uint64(0x9E3779B97F4A7C15) ** np.arange(1, SHINGLE + 1, dtype=np.uint64)


@dataclass(frozen=True)
class Pair:
    """Two chunks, by their order of coming, and how much of their text is the same."""

    first: int
    second: int
    share: float
    """Estimated share of common shingles, 0 to 1."""


def sketch(text: str) -> bytes:
    """The text's MinHash, 64 bytes; none for one too short to compare. White space and case do not count."""
    letters = "".join(text.lower().split())
    if len(letters) < SHORTEST:
        return b""
    points = np.frombuffer(letters.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    count = len(points) - SHINGLE + 1
    hashed = np.zeros(count, dtype=np.uint64)
    for place in range(SHINGLE):
        hashed += points[place : place + count] * _PLACES[place]
    hashed ^= hashed >> np.uint64(29)
    least = (hashed[:, None] * _FACTORS + _OFFSETS).min(axis=0)
    return bytes((least >> np.uint64(32)).astype(np.uint8))


class Likeness:
    """Collects sketches (64 bytes each), then tells which are alike."""

    def __init__(self) -> None:
        self._numbers = array("L")
        self._sketches = bytearray()

    def add(self, number: int, sketched: bytes) -> None:
        """Take in the sketch of chunk `number`; an empty one is of a text too short to compare."""
        if sketched:
            self._numbers.append(number)
            self._sketches += sketched

    def pairs(self, limit: int) -> list[Pair]:
        """Pairs of chunks that are alike, at most `limit`, most alike first."""
        sketches = np.frombuffer(self._sketches, dtype=np.uint8).reshape(-1, _HASHES)
        found: dict[tuple[int, int], float] = {}
        for pairs in self._candidates(sketches):
            agreeing = np.mean(sketches[pairs[:, 0]] == sketches[pairs[:, 1]], axis=1)
            shares = (agreeing - _CHANCE) / (1 - _CHANCE)
            for place in np.flatnonzero(shares >= ALIKE)[: limit - len(found)]:
                first, second = pairs[place]
                found[self._numbers[first], self._numbers[second]] = float(shares[place])
            if len(found) >= limit:
                break
        ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        return [Pair(first, second, share) for (first, second), share in ordered]

    @staticmethod
    def _candidates(sketches: NDArray[np.uint8]) -> Iterator[NDArray[np.int64]]:
        """Pairs that agree in all hashes of a band, some thousand at a time: an array of two columns."""
        width = _HASHES // _BANDS
        for start in range(0, _HASHES, width):
            band = np.ascontiguousarray(sketches[:, start : start + width]).view(np.uint32).ravel()
            order = np.argsort(band, kind="stable")
            crowd = np.concatenate(([0], np.cumsum(band[order][1:] != band[order][:-1])))
            place = np.arange(len(order)) - np.searchsorted(crowd, crowd)
            for apart in range(1, _CROWD):
                left = np.flatnonzero((crowd[apart:] == crowd[:-apart]) & (place[apart:] < _CROWD))
                if not len(left):
                    break
                for block in range(0, len(left), _BLOCK):
                    some = left[block : block + _BLOCK]
                    yield np.column_stack((order[some], order[some + apart]))
