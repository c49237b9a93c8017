"""The index of chatbots by what they share: their engine, and the volumes of its models where engines share those."""

from pydantic import ValidationError

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.desired.types import Object
from kefu_operator.informers.store import Index
from kefu_operator.parsing import chatbot_of
from kefu_operator.plan.engine import engine_name, plan_engine
from kefu_operator.plan.errors import PlanError
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.sharing import units as units_of


def engine_index(settings: PlanSettings) -> Index:
    """Lists a chatbot under its engine's name and, behind it, those of shared volumes and builds; not at all for an endpoint.

    It is listed too under what its status says that it is served by: the stable release's engine is another one while a release is on
    its way.
    """

    def wanted(found: Object) -> tuple[str, ...]:
        try:
            chatbot = chatbot_of(found)
        except ValidationError:
            return ()
        engine = engine_name(chatbot.metadata.name, chatbot.spec)
        built = chatbot.spec.engine.tensorrt_llm is not None
        shared = _shared(chatbot, settings) if engine and (settings.volumes.shared or built) else ()
        return tuple(dict.fromkeys(each for each in (engine, *shared) if each))

    return Index("engine", wanted, serving)


def serving(found: Object) -> tuple[str, ...]:
    """The engine that a chatbot's status says it is served by, and what that engine shares with others."""
    told = (found.get("status") or {}).get("engine") or {}
    return (told["name"], *told.get("volumes", ())) if told.get("name") else ()


def _shared(chatbot: ChatbotDeployment, settings: PlanSettings) -> tuple[str, ...]:
    try:
        plan = plan_engine(chatbot.metadata.name, chatbot.spec, ClusterPlacement(chatbot.metadata.namespace), settings)
    except PlanError:
        return ()
    return units_of(plan.workload) if plan.workload else ()
