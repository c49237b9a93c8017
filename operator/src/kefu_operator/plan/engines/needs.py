"""What adapters need of the user's, beside themselves: claims and Secrets, which a pod waits for that is to mount them.

An engine is others' too, so an adapter is left out of it until what it needs is there.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.plan.engines.adapters import WantedAdapter, claim_of, wanted_adapters

CLAIM = "PersistentVolumeClaim"
SECRET = "Secret"  # noqa: S105 - a kind


class Need(NamedTuple):
    """An object of the user's."""

    kind: str
    name: str


def needs_of(wanted: WantedAdapter) -> tuple[Need, ...]:
    """What one adapter needs. The hub's token is the engine's own, which fetches its model with it."""
    if claim := claim_of(wanted.download.uri):
        return (Need(CLAIM, claim),)
    bucket = wanted.download.bucket
    keys = (bucket.access_key_secret, bucket.secret_key_secret) if bucket else ()
    return tuple(dict.fromkeys(Need(SECRET, key.name) for key in keys if key))


def all_needs(chatbots: Iterable[ChatbotDeployment]) -> tuple[Need, ...]:
    """What the adapters of these chatbots need, each once."""
    return tuple(dict.fromkeys(need for chatbot in chatbots for each in _adapters(chatbot) for need in needs_of(each)))


def without(
    chatbots: Sequence[ChatbotDeployment], missing: Collection[Need]
) -> tuple[list[ChatbotDeployment], dict[str, Need]]:
    """The chatbots without the adapters that need what is missing; and what each of these lacks, by the name that the engine would know it by.

    One that another chatbot brings with keys that are there lacks nothing.
    """
    left = [_without(chatbot, missing) for chatbot in chatbots]
    brought = {each.name for chatbot in left for each in _adapters(chatbot)}
    lacks = {
        each.name: need
        for chatbot in chatbots
        for each in _adapters(chatbot)
        if each.name not in brought and (need := _lack(each, missing))
    }
    return left, lacks


def _without(chatbot: ChatbotDeployment, missing: Collection[Need]) -> ChatbotDeployment:
    model = chatbot.spec.model
    if model is None:
        return chatbot
    kept = tuple(each.adapter for each in wanted_adapters(model) if _lack(each, missing) is None)
    if len(kept) == len(model.adapters):
        return chatbot
    spec = chatbot.spec.model_copy(update={"model": model.model_copy(update={"adapters": kept})})
    return chatbot.model_copy(update={"spec": spec})


def _lack(wanted: WantedAdapter, missing: Collection[Need]) -> Need | None:
    return next((need for need in needs_of(wanted) if need in missing), None)


def _adapters(chatbot: ChatbotDeployment) -> tuple[WantedAdapter, ...]:
    return wanted_adapters(chatbot.spec.model) if chatbot.spec.model else ()
