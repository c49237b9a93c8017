"""From errors to what a caller is told: status, stable code, sentence."""

from dataclasses import dataclass

from kefu_api.codes import WHAT_TO_DO, Code
from kefu_api.wire.search import Problem
from kefu_retrieval.errors import EmbedderMismatch, IndexNotPublished, RetrievalError


@dataclass(frozen=True)
class Answer:
    """An error response."""

    status: int
    problem: Problem


def of_error(error: RetrievalError, request_id: str | None) -> Answer:
    """503 with V2002 where nothing is published that could be searched, and V2001 for whatever keeps us from searching."""
    unpublished = isinstance(error, IndexNotPublished | EmbedderMismatch)
    return of_code(503, Code.INDEX_NOT_PUBLISHED if unpublished else Code.KNOWLEDGE_UNAVAILABLE, str(error), request_id)


def of_code(status: int, code: Code, message: str, request_id: str | None) -> Answer:
    """The message, with what to do about it."""
    return Answer(status, Problem(code=code, message=f"{message}. {WHAT_TO_DO[code]}", request_id=request_id))
