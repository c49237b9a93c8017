"""Chatbots, parsed: several readers ask for the same version of one within a moment, and parsing costs more than reading."""

from functools import lru_cache

import orjson

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.desired.types import Object

KEPT = 16
"""Of the last versions, of 30 kB each: those of the reconciles that run."""


def chatbot_of(found: Object) -> ChatbotDeployment:
    """The chatbot; of equal content the same value.

    Raises:
        pydantic.ValidationError: it was not judged by the present schema.
    """
    return _parse(orjson.dumps(found))


@lru_cache(KEPT)
def _parse(text: bytes) -> ChatbotDeployment:
    return ChatbotDeployment.model_validate(orjson.loads(text))
