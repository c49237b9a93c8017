"""What comes first among passages that are nearly as likely: the younger, and those with the right tags.

    odds for the place = odds of the confidence · boost,   boost = (1 + weight · 2^(-age / half-life)) · Π factor(tag), within [0.5, 2]

with the age in days since the entry holds (`validFrom`); one without a date has no first factor. The confidence stays what it is: an
official answer is not likelier to be the answer, it is the one to be preferred.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from kefu_api.documents.index import Boosts
from kefu_retrieval.rerankers.protocol import log_odds
from kefu_retrieval.search.ranking import Judged
from kefu_retrieval.store.rows import Payload

LEAST, MOST = 0.5, 2.0
"""Bounds of all boosts together: twice the odds are a confidence of 0.67 in place of 0.5."""


def factors(payload: Payload, boosts: Boosts, today: date) -> dict[str, float]:
    """What counts for and against a passage, by name; empty where nothing does."""
    found = {f"tag {tag}": boosts.tags[tag] for tag in payload.tags if tag in boosts.tags}
    fresh, begun = boosts.freshness, payload.valid_from
    if fresh and begun:
        age = max(0, (today - begun).days)
        found["freshness"] = 1 + fresh.weight * 2 ** (-age / fresh.half_life_days)
    return found


def lift(factors: Mapping[str, float]) -> float:
    """What is added to the log-odds: the logarithm of the product, within its bounds."""
    return math.log(min(MOST, max(LEAST, math.prod(factors.values()))))


def boosted(ranked: Sequence[Judged], boosts: Boosts | None, today: date) -> list[Judged]:
    """Candidates in the order of their boosted odds, ties as they were, each with what counted."""
    if boosts is None:
        return list(ranked)
    told = [replace(each, boosts=factors(each.payload, boosts, today)) for each in ranked]
    if not any(each.boosts for each in told):
        return told
    return sorted(told, key=lambda each: -(log_odds(each.confidence) + lift(each.boosts)))
