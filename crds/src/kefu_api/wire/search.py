"""`POST /v1/search` of the retrieval service: a question in, ranked evidence out."""

from typing import Annotated, Literal

from pydantic import Field

from kefu_api.base import Model

MAX_QUERY = 8_000
"""Longest query, in characters: a long letter. Longer ones are cut by the caller."""
MAX_EARLIER = 2_000
"""Of an earlier question: a follow-up leans on a short one."""
MAX_HISTORY = 8
"""Most earlier questions that come with one."""


class SearchRequest(Model):
    """What to look for."""

    query: Annotated[str, Field(min_length=1, max_length=MAX_QUERY)]
    top_k: Annotated[int, Field(ge=1, le=50)] | None = None
    """How many hits; absent: `search.topK` of the index."""
    history: Annotated[tuple[Annotated[str, Field(max_length=MAX_EARLIER)], ...], Field(max_length=MAX_HISTORY)] = ()
    """Earlier questions of the same customer, latest last: a follow-up ("and for headphones?") is looked up behind the one
    that it leans on."""
    version: Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9]+$")] | None = None
    """Which version; absent: the one that is published."""


class Reasons(Model):
    """Why a hit is where it is."""

    legs: dict[str, float]
    """Its best score in each leg that found it: cosine, BM25."""
    nearest: dict[str, str]
    """The text by which each leg found it."""
    evidence: dict[str, float]
    """What each kind of evidence adds to the log-odds of the confidence."""
    bias: float
    """What the log-odds begin with."""
    path: tuple[str, ...] = ()
    """Steps through the knowledge graph that lead to it."""
    boosts: dict[str, float] = Field(default_factory=dict)
    """What its odds were multiplied by for its place, by `freshness` and tag; its confidence is without."""
    reranker: float | None = None
    """How relevant the reranker finds it, 0 to 1; None: it was not asked about this one."""
    standing: dict[str, float] = Field(default_factory=dict)
    """Of a long question, whose documents are not ordered by confidence: what its document's score is the sum of."""


class LegReport(Model):
    """One ranking that went into the fusion."""

    name: str
    weight: float
    rows: int
    """How many rows it found that were not left out."""


class GraphReport(Model):
    """What the knowledge graph was asked."""

    constraints: tuple[str, ...]
    """As they were understood."""
    cypher: str
    parameters: dict[str, str]
    found: int
    """Products that hold all of them, or passages that speak of the class."""


class RerankerReport(Model):
    """What came of asking the reranker."""

    kind: str
    """model, endpoint or chat."""
    outcome: Literal["reranked", "late", "failed", "resting", "broken", "skipped"]
    """late: not within its budget. failed: it answered with a fault, or not at all. resting: it failed a moment ago. broken: it
    cannot be loaded. skipped: there was nothing to order, or the question was looked up in parts."""
    candidates: int = 0
    """How many it has put in order."""
    seconds: float = 0.0
    detail: str = ""
    """Why it did not."""


class CalibrationNote(Model):
    """What the response's confidence was made of."""

    formula: float
    """The surest hit's confidence."""
    questions: int
    """How many golden questions told what that means."""


class Explanation(Model):
    """What was looked for, and what came of it before hits were chosen."""

    asked: str
    searched: str
    """The query as it was looked up: put right, and made whole."""
    language: str
    concepts: tuple[str, ...]
    """What it speaks of, whatever its words."""
    expected: tuple[str, ...]
    """Kinds of figures that it asks for."""
    parts: tuple[str, ...] = ()
    """Of a long question: what was looked up one by one."""
    legs: tuple[LegReport, ...]
    left_out: dict[str, int]
    """How many rows or hits were left out, by reason: `invalidToday`, `contradicted`, `repeated`."""
    calibrated: CalibrationNote | None = None
    """Only where the version's golden questions told what confidences mean."""
    reranker: RerankerReport | None = None
    """Only where the index has one."""
    graph: GraphReport | None = None
    """Only where the index has a graph, and the question is one for it."""


class Hit(Model):
    """One chunk of evidence."""

    chunk: str
    """Deterministic id: the hash of document, position and content."""
    document: str
    """`<source>/<faq id or file name>`."""
    title: str
    """The FAQ's question or the document's first heading."""
    headings: tuple[str, ...] = ()
    text: str
    """What the model reads; for an FAQ entry its answer, atomic."""
    language: str
    """`zh`, `en` or `und`."""
    tags: tuple[str, ...] = ()
    score: float
    """Fused rank score, of a long question its document's standing; comparable only within one response."""
    confidence: float
    """0 to 1, comparable between responses: how sure it is that this chunk answers the query."""
    reasons: Reasons | None = None
    """Only with `?explain=1`."""


class SearchResponse(Model):
    """Evidence, best first, all from one index version."""

    index: str
    version: str
    confidence: float
    """How likely the evidence for an answer is among the hits, where the version's golden questions told; else the surest hit's
    confidence. 0 when there is no hit."""
    answerable: bool
    """`confidence >= search.minConfidence` of the index."""
    hits: tuple[Hit, ...]
    explanation: Explanation | None = None
    """Only with `?explain=1`."""


class Problem(Model):
    """Body of every error response of Kefu's services."""

    code: str
    message: str
    """What went wrong and what to do; never holds a secret or a stack trace."""
    request_id: str | None = None
