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
    handed_over: str
    """A person takes the conversation over."""
    person_away: str
    """The conversation cannot be handed over (V5002)."""
    not_passed_on: str
    """A person has the conversation, and does not get this message (V5002)."""


_BY_LANGUAGE = {
    "zh": Sentences(
        unknown="抱歉，我手头的资料里没有这个问题的答案，不想随意猜测误导您。您可以换个说法再问一次，或联系人工客服。",
        knowledge_away="抱歉，我现在暂时无法查询资料，不能负责任地回答您。请稍后再试，或联系人工客服。",
        engine_away="抱歉，我现在暂时无法作答。请稍后再试，或联系人工客服。",
        engine_starting="抱歉，让您久等了：我刚被唤醒，还在启动中。请一两分钟后再问一次，或联系人工客服。",
        handed_over="好的，接下来由人工客服为您服务，请稍候。您可以继续留言，人工客服会看到全部对话。",
        person_away="抱歉，现在暂时无法为您转接人工客服，请稍后再试。您也可以继续向我提问。",
        not_passed_on="抱歉，这条消息暂时没能送达人工客服，请稍后再发一次。",
    ),
    "en": Sentences(
        unknown="Sorry, I don't know: our documents hold no answer to this, and I would rather not guess. "
        "Please rephrase your question, or ask a member of our staff.",
        knowledge_away="Sorry, I cannot look that up right now. Please ask again in a moment, "
        "or contact a member of our staff.",
        engine_away="Sorry, I cannot answer right now. Please ask again in a moment, or contact a member of our staff.",
        engine_starting="Sorry for the wait: I was at rest and am still starting up. Please ask again in a minute or two, "
        "or contact a member of our staff.",
        handed_over="A member of our staff will answer you here; please bear with us. You can go on writing: they will see the "
        "whole conversation.",
        person_away="Sorry, I cannot put you through to our staff right now. Please ask again in a moment; meanwhile you can go "
        "on asking me.",
        not_passed_on="Sorry, this message did not reach our staff. Please send it again in a moment.",
    ),
}


def sentences(language: str) -> Sentences:
    """The sentences of a language; English where we have no own."""
    return _BY_LANGUAGE.get(language, _BY_LANGUAGE["en"])
