"""How sure it is that a chunk answers the query: one number, comparable between queries and languages."""

import math

SAME_LANGUAGE = (-4.2, 6.0, 3.0)
OTHER_LANGUAGE = (-3.6, 7.5, 0.0)
"""Bias, weight of the cosine, weight of the coverage."""


def confidence(cosine: float, coverage: float, same_language: bool) -> float:
    """Logistic of the chunk's best cosine and of the share of the query's content words that it holds."""
    bias, by_cosine, by_coverage = SAME_LANGUAGE if same_language else OTHER_LANGUAGE
    return 1 / (1 + math.exp(-(bias + by_cosine * cosine + by_coverage * coverage)))
