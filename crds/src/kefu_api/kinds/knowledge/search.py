"""How questions are looked up."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import Rule, Ruled
from kefu_api.kinds.shape import ATOMIC
from kefu_api.kinds.types import Factor, Ratio


class Freshness(Part):
    """Entries with a date (`validFrom`) count more the younger they are; those without one count as they are."""

    half_life_days: Annotated[int, Field(ge=1, le=3650)]
    """Days after which half of the advantage is left, after as many again a quarter."""
    weight: Ratio = "0.2"
    """The advantage of what holds from today: its odds count 1 + weight times."""


class TagBoost(Part):
    """What carries a tag counts more or less."""

    tag: Annotated[str, Field(min_length=1, max_length=64)]
    """As FAQ entries and records carry it."""
    factor: Factor
    """What the odds are multiplied by: above 1 it moves up, below 1 down."""


class Boosts(Ruled):
    """Which of the passages that are nearly as likely comes first. All together multiply the odds by 0.5 to 2; confidences stay."""

    RULES: ClassVar = (
        Rule(
            "self.tags.all(a, self.tags.exists_one(b, a.tag == b.tag))",
            lambda boosts: len({each.tag for each in boosts.tags}) == len(boosts.tags),
            "tags of boosts must differ from each other: remove one of search.boosts.tags",
        ),
    )

    freshness: Freshness | None = None
    """Younger entries first; absent: age does not count."""
    tags: Annotated[tuple[TagBoost, ...], Field(max_length=16, json_schema_extra=ATOMIC)] = ()
    """Some tags before others."""


class Search(Ruled):
    """How questions are looked up."""

    RULES: ClassVar = (
        Rule(
            "self.topK <= self.candidates",
            lambda search: search.top_k <= search.candidates,
            "topK must not exceed candidates: raise search.candidates",
        ),
        Rule(
            "self.dense.matches('[1-9]') || self.sparse.matches('[1-9]')",
            lambda search: float(search.dense) + float(search.sparse) > 0,
            "dense and sparse must not both be 0: give one of search.dense, search.sparse a weight",
        ),
    )

    top_k: Annotated[int, Field(ge=1, le=50)] = 5
    """How many chunks of evidence a question brings."""
    candidates: Annotated[int, Field(ge=1, le=1000)] = 50
    """How many chunks each leg brings to the fusion."""
    dense: Ratio = "0.6"
    """Weight of the vector leg."""
    sparse: Ratio = "0.4"
    """Weight of the BM25 leg."""
    fusion: Literal["RRF", "Weights"] = "RRF"
    """How the legs become one ranking: by their ranks (reciprocal rank fusion), or by their scores, each leg's from 0 to 1."""
    min_confidence: Ratio = "0.35"
    """Below this the index says it does not know."""
    boosts: Boosts | None = None
    """What comes first among passages that are nearly as likely; absent: nothing but how likely they are."""


class Concept(Part):
    """One meaning, and the words for it."""

    words: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=64)], ...],
        Field(min_length=2, max_length=16, json_schema_extra=ATOMIC),
    ]
    """Words and phrases in any language; a question in the one finds documents with the other."""


class Vocabulary(Part):
    """Words of the trade that mean the same, beside those that any shop has. A change is followed; nothing is built anew."""

    concepts: Annotated[tuple[Concept, ...], Field(max_length=256, json_schema_extra=ATOMIC)] = ()
    """One for each meaning."""
