"""`POST /v1/search` of the retrieval service: a question in, ranked evidence out."""

from typing import Annotated

from pydantic import Field

from kefu_api.base import Model

MAX_QUERY = 2_000
"""Longest query, in characters; longer questions are cut by the caller."""


class SearchRequest(Model):
    """What to look for."""

    query: Annotated[str, Field(min_length=1, max_length=MAX_QUERY)]
    top_k: Annotated[int, Field(ge=1, le=50)] | None = None
    """How many hits; absent: `search.topK` of the index."""


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
    """Fused rank score; comparable only within one response."""
    confidence: float
    """0 to 1, comparable between responses: how sure it is that this chunk answers the query."""


class SearchResponse(Model):
    """Evidence, best first, all from one index version."""

    index: str
    version: str
    confidence: float
    """The best hit's confidence; 0 when there is none."""
    answerable: bool
    """`confidence >= search.minConfidence` of the index."""
    hits: tuple[Hit, ...]


class Problem(Model):
    """Body of every error response of Kefu's services."""

    code: str
    message: str
    """What went wrong and what to do; never holds a secret or a stack trace."""
    request_id: str | None = None
