"""How questions are looked up."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import Rule, Ruled
from kefu_api.kinds.shape import ATOMIC
from kefu_api.kinds.types import Ratio


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
