"""Whose engines a chatbot needs: those of its stable release and of the one on its way, sized as the rollout says."""

from collections.abc import Mapping, Sequence
from math import ceil

from kefu_api.documents.variants import Role
from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.plan.content import content_of, with_content
from kefu_operator.plan.engine import engine_name
from kefu_operator.rollout.decision import decided
from kefu_operator.rollout.pods import stable_pods
from kefu_operator.rollout.revisions import Revision, asked, named
from kefu_operator.rollout.state import State
from kefu_operator.rollout.strategy import strategy_of
from kefu_operator.rollout.told import state_of


def versions(chatbot: ChatbotDeployment, revisions: Sequence[Revision]) -> tuple[ChatbotDeployment, ...]:
    """The chatbot once for each engine that it needs, each time with the release that needs it.

    The stable release's engine stays until no customer is answered by it, so it goes only when another release is stable.
    """
    state = state_of(chatbot.status.releases if chatbot.status else None)
    stable, content = named(revisions, state.stable), content_of(chatbot.spec)
    if stable is None or stable.content == content:
        return (chatbot,)
    former = with_content(chatbot, stable.content)
    if former is None:
        return (chatbot,)
    rejected = state.rejected.release if state.rejected else None
    target = asked(revisions, content, (state.candidate, rejected))
    if target and _is_unwanted(target.name, chatbot, state):
        return (former,)
    if _engine(former) == _engine(chatbot):
        # One engine with the adapters of both.
        return _beside(former), chatbot
    on_its_way = target is not None and state.candidate == target.name
    return _side_by_side(former, chatbot, state if on_its_way else State())


def _side_by_side(former: ChatbotDeployment, chatbot: ChatbotDeployment, state: State) -> tuple[ChatbotDeployment, ...]:
    """Each with its part of the pods, and of those that autoscalers may give."""
    pods = max(state.pods, 1)
    sizes = stable_pods(chatbot.spec.engine.replicas, pods), pods
    scaling = chatbot.spec.scaling.engine
    if scaling is None:
        return _sized(former, sizes[0]), _sized(chatbot, sizes[1])
    most = min(max(pods, ceil(scaling.max * _answered(chatbot, state) / 100)), scaling.max)
    rest = stable_pods(scaling.max, most)
    return (
        _scaled(_sized(former, sizes[0]), {"min": min(scaling.min, rest), "max": rest}),
        # It is kept awake, for its autoscaler does not know yet who will ask.
        _scaled(_sized(chatbot, sizes[1]), {"min": min(pods, most), "max": most, "to_zero_after": None}),
    )


def _answered(chatbot: ChatbotDeployment, state: State) -> int:
    """Percent of the customers whom the candidate answers: a shadow is asked by many, and answers none."""
    stages = strategy_of(chatbot.spec.rollout).stages
    return 0 if stages[min(state.step, len(stages) - 1)].role is Role.SHADOW else state.weight


def are_two(chatbot: ChatbotDeployment) -> bool:
    """Whether it may need two engines: its releases tell which."""
    status = chatbot.status
    if status is None or status.releases is None or status.releases.stable is None:
        return False
    settled = status.releases.candidate is None and status.observed_generation == chatbot.metadata.generation
    # A spec that cannot be carried out asks for another engine than the one that goes on serving.
    served = status.engine.name if status.engine else None
    return chatbot.spec.rollout is not None or not settled or served != _engine(chatbot)


def _is_unwanted(release: str, chatbot: ChatbotDeployment, state: State) -> bool:
    """Whether no customer is to be answered by the release, so that it needs no engine."""
    decision = decided(chatbot.spec.rollout, state.decided)
    if decision and decision.release == release:
        return decision.verdict == "Abort"
    return chatbot.spec.rollout is not None and state.rejected is not None and state.rejected.release == release


def _engine(chatbot: ChatbotDeployment) -> str | None:
    return engine_name(chatbot.metadata.name, chatbot.spec)


def _sized(chatbot: ChatbotDeployment, replicas: int) -> ChatbotDeployment:
    engine = chatbot.spec.engine.model_copy(update={"replicas": replicas})
    return chatbot.model_copy(update={"spec": chatbot.spec.model_copy(update={"engine": engine})})


def _scaled(chatbot: ChatbotDeployment, bounds: Mapping[str, object]) -> ChatbotDeployment:
    scaling = chatbot.spec.scaling
    engine = scaling.engine.model_copy(update=bounds) if scaling.engine else None
    spec = chatbot.spec.model_copy(update={"scaling": scaling.model_copy(update={"engine": engine})})
    return chatbot.model_copy(update={"spec": spec})


def _beside(chatbot: ChatbotDeployment) -> ChatbotDeployment:
    """Asking for no pods of its own."""
    without = chatbot.spec.scaling.model_copy(update={"engine": None})
    sized = _sized(chatbot, 0)
    return sized.model_copy(update={"spec": sized.spec.model_copy(update={"scaling": without})})
