"""Chunks that say nearly the same: found by MinHash over shingles, so that each is compared with few others.

They are reported and stay: "returned within 7 days" and "returned within 15 days" differ in the one thing that matters. Which
of them holds is for a person to say.

Sources: Broder, "On the resemblance and containment of documents", SEQUENCES 1997; banding as in Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", chapter 3.
"""

import tempfile
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
"""Pairs that are looked through between two looks at the limit."""
_READ = 4_096
"""Sketches that are read, or compared, at once: 256 KiB."""
_HALF = np.uint64(32)
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
    """Collects sketches on disk, then tells which are alike."""

    def __init__(self) -> None:
        self._numbers = array("I")
        self._sketches = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`

    def add(self, number: int, sketched: bytes) -> None:
        """Take in the sketch of chunk `number`; an empty one is of a text too short to compare."""
        if sketched:
            self._numbers.append(number)
            self._sketches.write(sketched)

    def pairs(self, limit: int) -> list[Pair]:
        """Pairs of chunks that are alike, at most `limit`, most alike first."""
        found: dict[tuple[int, int], float] = {}
        if not self._numbers:
            return []
        self._sketches.flush()
        sketches = np.memmap(self._sketches, np.uint8, "r", shape=(len(self._numbers), _HASHES))
        for pairs in self._candidates():
            shares = (_agreeing(sketches, pairs) - _CHANCE) / (1 - _CHANCE)
            for place in np.flatnonzero(shares >= ALIKE)[: limit - len(found)]:
                first, second = pairs[place]
                found[self._numbers[first], self._numbers[second]] = float(shares[place])
            if len(found) >= limit:
                break
        ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        return [Pair(first, second, share) for (first, second), share in ordered]

    def close(self) -> None:
        """Give the space back."""
        self._sketches.close()

    def _band(self, start: int) -> NDArray[np.uint32]:
        """Hashes `start` to `start` + 3 of all sketches as one number each; read, not mapped, since it is a pass over all."""
        width = _HASHES // _BANDS
        band = np.empty(len(self._numbers), np.uint32)
        self._sketches.seek(0)
        for place in range(0, len(band), _READ):
            some = np.frombuffer(self._sketches.read(_HASHES * _READ), np.uint8).reshape(-1, _HASHES)
            band[place : place + _READ] = np.ascontiguousarray(some[:, start : start + width]).view(np.uint32).ravel()
        return band

    def _crowded(self, start: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """Bands from hash `start` that several sketches have, in order, and the places of those sketches, likewise."""
        keyed = self._band(start).astype(np.uint64)
        keyed <<= _HALF
        keyed |= np.arange(len(keyed), dtype=np.uint64)
        keyed.sort()
        band = (keyed >> _HALF).astype(np.uint32)
        same = band[1:] == band[:-1]
        several = np.append(same, False) | np.append(False, same)
        return band[several], keyed[several].astype(np.uint32).astype(np.int64)

    def _candidates(self) -> Iterator[NDArray[np.int64]]:
        """Pairs that agree in all hashes of a band, some thousand at a time: an array of two columns."""
        width = _HASHES // _BANDS
        for start in range(0, _HASHES, width):
            band, order = self._crowded(start)
            crowd = np.concatenate(([0], np.cumsum(band[1:] != band[:-1])))
            place = np.arange(len(order)) - np.searchsorted(crowd, crowd)
            for apart in range(1, _CROWD):
                left = np.flatnonzero((crowd[apart:] == crowd[:-apart]) & (place[apart:] < _CROWD))
                if not len(left):
                    break
                for block in range(0, len(left), _BLOCK):
                    some = left[block : block + _BLOCK]
                    yield np.column_stack((order[some], order[some + apart]))


def _agreeing(sketches: NDArray[np.uint8], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of equal hashes of each pair."""
    shares = np.empty(len(pairs))
    for place in range(0, len(pairs), _READ):
        some = pairs[place : place + _READ]
        shares[place : place + _READ] = np.mean(sketches[some[:, 0]] == sketches[some[:, 1]], axis=1)
    return shares
