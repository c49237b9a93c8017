"""The index of chatbots by what they share: their engine, and the volumes of its models where engines share those."""

from pydantic import ValidationError

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.desired.types import Object
from kefu_operator.informers.store import Index
from kefu_operator.plan.engine import engine_name, plan_engine
from kefu_operator.plan.errors import PlanError
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.sharing import shared_claims


def engine_index(settings: PlanSettings) -> Index:
    """Lists a chatbot under its engine's name and, behind it, those of shared volumes; not at all for an endpoint."""

    def units(found: Object) -> tuple[str, ...]:
        try:
            chatbot = ChatbotDeployment.model_validate(found)
        except ValidationError:
            return ()
        engine = engine_name(chatbot.metadata.name, chatbot.spec)
        if not engine:
            return ()
        return (engine, *_volumes(chatbot, settings)) if settings.volumes.shared else (engine,)

    return Index("engine", units)


def _volumes(chatbot: ChatbotDeployment, settings: PlanSettings) -> tuple[str, ...]:
    try:
        plan = plan_engine(chatbot.metadata.name, chatbot.spec, ClusterPlacement(chatbot.metadata.namespace), settings)
    except PlanError:
        return ()
    return shared_claims(plan.workload) if plan.workload else ()
