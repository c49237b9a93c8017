"""What the bot says without asking the model, in the customer's language."""

from typing import NamedTuple


class Sentences(NamedTuple):
    """The fixed answers of one language."""

    unknown: str
    """The knowledge holds no answer (V2003)."""
    knowledge_away: str
    """The knowledge cannot be looked up (V2001)."""
    engine_away: str
    """The model is not available (V4001)."""
    engine_starting: str
    """The model was at rest and is being started (V4004)."""


_BY_LANGUAGE = {
    "zh": Sentences(
        unknown="抱歉，我手头的资料里没有这个问题的答案，不想随意猜测误导您。您可以换个说法再问一次，或联系人工客服。",
        knowledge_away="抱歉，我现在暂时无法查询资料，不能负责任地回答您。请稍后再试，或联系人工客服。",
        engine_away="抱歉，我现在暂时无法作答。请稍后再试，或联系人工客服。",
        engine_starting="抱歉，让您久等了：我刚被唤醒，还在启动中。请一两分钟后再问一次，或联系人工客服。",
    ),
    "en": Sentences(
        unknown="Sorry, I don't know: our documents hold no answer to this, and I would rather not guess. "
        "Please rephrase your question, or ask a member of our staff.",
        knowledge_away="Sorry, I cannot look that up right now. Please ask again in a moment, "
        "or contact a member of our staff.",
        engine_away="Sorry, I cannot answer right now. Please ask again in a moment, or contact a member of our staff.",
        engine_starting="Sorry for the wait: I was at rest and am still starting up. Please ask again in a minute or two, "
        "or contact a member of our staff.",
    ),
}


def sentences(language: str) -> Sentences:
    """The sentences of a language; English where we have no own."""
    return _BY_LANGUAGE.get(language, _BY_LANGUAGE["en"])
