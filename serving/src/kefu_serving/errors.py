"""What can go wrong in the gateway, so that every fault reaches the customer as a stable code and an honest sentence.

GatewayError
├── ConfigurationError        the mounted release or keys cannot be used; the last good ones stay in force
├── RequestError              the client's mistake: permanent, carries an HTTP status
├── KnowledgeError            retrieval cannot answer: temporary
│   ├── KnowledgeUnavailable
│   └── IndexNotPublished
├── EngineError
│   ├── EngineUnavailable     nothing was generated: temporary
│   │   └── EngineAway        nobody answers there, or not yet
│   ├── EngineInterrupted     the answer stopped halfway: temporary
│   └── BudgetExceeded        the answer took longer than spec.budget.total: temporary
└── SessionStoreAway          the turn goes on without memory: temporary
"""

from kefu_api.codes import Code


class GatewayError(Exception):
    """Base of all; `code` is what the client sees, `status` the HTTP status when no answer has begun."""

    code: Code = Code.INTERNAL
    status: int = 500


class ConfigurationError(GatewayError):
    """A mounted document cannot be used; the message names the file, the field and the remedy."""


class RequestError(GatewayError):
    """The request cannot be served as it is; the message names the field and the remedy."""

    def __init__(self, code: Code, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class KnowledgeError(GatewayError):
    """The knowledge cannot be looked up now."""

    code = Code.KNOWLEDGE_UNAVAILABLE
    status = 503


class KnowledgeUnavailable(KnowledgeError):
    """Retrieval is unreachable, too slow, or says that its store is away."""


class IndexNotPublished(KnowledgeError):
    """The index has no published version yet."""

    code = Code.INDEX_NOT_PUBLISHED


class EngineError(GatewayError):
    """The language model did not deliver a whole answer."""


class EngineUnavailable(EngineError):
    """The engine is unreachable or refuses, and nothing was generated."""

    code = Code.ENGINE_UNAVAILABLE
    status = 503


class EngineAway(EngineUnavailable):
    """Nobody answers where the engine should be, or it says that it is not ready yet (503)."""


class EngineInterrupted(EngineError):
    """The engine went away in the middle of an answer."""

    code = Code.ENGINE_INTERRUPTED
    status = 502


class BudgetExceeded(EngineError):
    """The answer was not finished within `budget.totalSeconds`."""

    code = Code.BUDGET_EXCEEDED
    status = 504


class SessionStoreAway(GatewayError):
    """Redis does not answer, or refuses; conversations go on without memory."""
