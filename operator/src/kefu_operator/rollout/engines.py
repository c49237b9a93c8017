"""Whose engines a chatbot needs: those of its stable release and of the one on its way, sized by their weights."""

from collections.abc import Sequence

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.plan.content import content_of, with_content
from kefu_operator.plan.engine import engine_name
from kefu_operator.rollout.decision import decided
from kefu_operator.rollout.revisions import Revision, asked, named
from kefu_operator.rollout.strategy import engine_replicas
from kefu_operator.rollout.told import state_of


def versions(chatbot: ChatbotDeployment, revisions: Sequence[Revision]) -> tuple[ChatbotDeployment, ...]:
    """The chatbot once for each engine that it needs, each time with the release that needs it.

    The stable release's engine stays until no customer is answered by it, so it goes only when another release is stable.
    """
    state = state_of(chatbot.status.releases if chatbot.status else None)
    stable, content = named(revisions, state.stable), content_of(chatbot.spec)
    if chatbot.spec.rollout is None or stable is None or stable.content == content:
        return (chatbot,)
    former = with_content(chatbot, stable.content)
    if former is None:
        return (chatbot,)
    rejected = state.rejected.release if state.rejected else None
    target = asked(revisions, content, (state.candidate, rejected))
    if target and target.name in _unwanted(chatbot, rejected):
        return (former,)
    if _engine(former) == _engine(chatbot):
        # One engine with the adapters of both.
        return _beside(former), chatbot
    releases = chatbot.status.releases if chatbot.status else None
    moving = releases is not None and target is not None and releases.candidate == target.name
    weight = (releases.weight or 0) if moving and releases else 0
    old, new = engine_replicas(chatbot.spec.engine.replicas, weight)
    return _sized(former, old), _sized(chatbot, new)


def _unwanted(chatbot: ChatbotDeployment, rejected: str | None) -> set[str]:
    decision = decided(chatbot.spec.rollout)
    unwanted = {rejected, decision.aborted} - {None, decision.promoted}
    return {name for name in unwanted if name}


def _engine(chatbot: ChatbotDeployment) -> str | None:
    return engine_name(chatbot.metadata.name, chatbot.spec)


def _sized(chatbot: ChatbotDeployment, replicas: int) -> ChatbotDeployment:
    engine = chatbot.spec.engine.model_copy(update={"replicas": replicas})
    return chatbot.model_copy(update={"spec": chatbot.spec.model_copy(update={"engine": engine})})


def _beside(chatbot: ChatbotDeployment) -> ChatbotDeployment:
    """Asking for no pods of its own."""
    without = chatbot.spec.scaling.model_copy(update={"engine": None})
    sized = _sized(chatbot, 0)
    return sized.model_copy(update={"spec": sized.spec.model_copy(update={"scaling": without})})
