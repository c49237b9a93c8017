"""Stable error codes of the services: what went wrong, and what the client should do."""

from enum import StrEnum


class Code(StrEnum):
    """V1xxx the request, V2xxx the knowledge, V4xxx the engine, V5xxx Kefu itself. (V3xxx is kept for video.)"""

    UNAUTHENTICATED = "V1001"
    INVALID_REQUEST = "V1002"
    QUESTION_EMPTY = "V1003"
    QUESTION_TOO_LONG = "V1004"
    NOT_TEXT = "V1005"
    TOO_LARGE = "V1006"
    TOKEN_REFUSED = "V1007"  # noqa: S105 - a code
    KNOWLEDGE_UNAVAILABLE = "V2001"
    INDEX_NOT_PUBLISHED = "V2002"
    NO_ANSWER = "V2003"
    ENGINE_UNAVAILABLE = "V4001"
    ENGINE_INTERRUPTED = "V4002"
    BUDGET_EXCEEDED = "V4003"
    ENGINE_STARTING = "V4004"
    INTERNAL = "V5001"
    HANDOFF_UNAVAILABLE = "V5002"


WHAT_TO_DO: dict[Code, str] = {
    Code.UNAUTHENTICATED: "Send a valid key as `Authorization: Bearer KEY`.",
    Code.INVALID_REQUEST: "Correct the named field and send the request again.",
    Code.QUESTION_EMPTY: "Send a question with at least one visible character.",
    Code.QUESTION_TOO_LONG: "Shorten the question; the limit is named in the message.",
    Code.NOT_TEXT: "Send UTF-8 text without control characters.",
    Code.TOO_LARGE: "Send a smaller body; the limit is named in the message.",
    Code.TOKEN_REFUSED: "Send the token of this index (Secret `INDEX-token`, key `key`) as `Kefu-Token`.",
    Code.KNOWLEDGE_UNAVAILABLE: "Ask again in a moment: the knowledge cannot be looked up right now.",
    Code.INDEX_NOT_PUBLISHED: "Wait until the KnowledgeIndex is Ready.",
    Code.NO_ANSWER: "The knowledge holds no answer; rephrase, or ask a person.",
    Code.ENGINE_UNAVAILABLE: "Ask again in a moment: the language model is not available.",
    Code.ENGINE_INTERRUPTED: "The answer is incomplete; ask again.",
    Code.BUDGET_EXCEEDED: "The answer took longer than its budget; ask again, or raise spec.budget.total.",
    Code.ENGINE_STARTING: "Ask again in a minute: the language model was at rest and is being started.",
    Code.HANDOFF_UNAVAILABLE: "Ask for a person again in a moment: the conversation cannot be handed over right now.",
    Code.INTERNAL: "Report the request id; the fault is on our side.",
}
