"""Isotonic regression: the sequence that never falls and lies nearest to the values, by pooling adjacent violators.

Sources: Ayer, Brunk, Ewing, Reid, Silverman, "An empirical distribution function for sampling with incomplete information", 1955; for
calibrating classifiers Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass probability estimates", KDD 2002.
"""

from collections.abc import Sequence
from typing import NamedTuple


class _Block(NamedTuple):
    value: float
    weight: float
    length: int


def isotonic(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The non-decreasing sequence with the least weighted squares of distances to `values`; weights are above 0."""
    blocks: list[_Block] = []
    for value, weight in zip(values, weights, strict=True):
        block = _Block(value, weight, 1)
        while blocks and blocks[-1].value >= block.value:
            block = _merged(blocks.pop(), block)
        blocks.append(block)
    return [block.value for block in blocks for _ in range(block.length)]


def _merged(left: _Block, right: _Block) -> _Block:
    if left.value == right.value:
        return _Block(left.value, left.weight + right.weight, left.length + right.length)
    weight = left.weight + right.weight
    value = (left.value * left.weight + right.value * right.weight) / weight
    # Rounding must not carry the mean out of what it is the mean of.
    return _Block(min(left.value, max(right.value, value)), weight, left.length + right.length)
