"""Choosing the engine: which planner, and under which name, so that equal engines are one."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from kefu_api import digest
from kefu_api.kinds.chatbot import ChatbotDeploymentSpec
from kefu_api.kinds.vllm import VllmEngine
from kefu_operator import naming
from kefu_operator.plan.engines.adapters import WantedAdapter, union, wanted_adapters
from kefu_operator.plan.engines.endpoint import plan_endpoint
from kefu_operator.plan.engines.llama_cpp import plan_llama_cpp
from kefu_operator.plan.engines.lora import Lora
from kefu_operator.plan.engines.plan import EnginePlan
from kefu_operator.plan.engines.tensorrt_llm import plan_tensorrt_llm
from kefu_operator.plan.engines.vllm import plan_vllm
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.settings import PlanSettings

Offers: TypeAlias = Mapping[str, Lora]
"""What each engine that runs offers to adapters, by its name; an engine that is absent does not run, or without LoRA."""
NO_OFFERS: Offers = MappingProxyType({})


def engine_name(chatbot: str, spec: ChatbotDeploymentSpec) -> str | None:
    """Name of the engine a chatbot asks for; None for an endpoint.

    Equal model and settings give equal names, save where the engine is to be the chatbot's own.
    """
    if spec.model is None:
        return None
    # Without defaults, so that a field that the API gains renames no engine, which would fetch its model anew.
    settings = spec.engine.model_dump(mode="json", exclude_defaults=True, exclude={"replicas", "dedicated"})
    if spec.engine.vllm == VllmEngine():
        del settings["vllm"]
    # One more adapter is one more LoRA in the same engine.
    apart = {"adapters"} | (set() if _reads_bucket(spec) else {"s3"})
    model = spec.model.model_dump(mode="json", exclude_defaults=True, exclude=apart)
    identity = {"model": model, "engine": settings}
    return naming.engine(digest.of_value(identity | {"chatbot": chatbot} if spec.engine.dedicated else identity))


def plan_engine(
    chatbot: str,
    spec: ChatbotDeploymentSpec,
    placement: Placement,
    settings: PlanSettings,
    adapters: Sequence[WantedAdapter] | None = None,
    offers: Offers = NO_OFFERS,
) -> EnginePlan:
    """Plan the engine of one chatbot.

    Args:
        chatbot: its name.
        spec: its spec.
        placement: where its files lie.
        settings: of the installation.
        adapters: of all that share the engine; absent: its own.
        offers: what engines that run offer.

    Raises:
        PlanError: this installation cannot run what the spec asks for.
    """
    engine = spec.engine
    if engine.endpoint:
        return plan_endpoint(naming.gateway(chatbot), engine.endpoint, placement)
    name = engine_name(chatbot, spec)
    if spec.model is None or name is None:
        raise AssertionError("the schema lets no spec pass without model and endpoint")
    if engine.llama_cpp:
        return plan_llama_cpp(name, spec.model, engine, engine.llama_cpp, placement, settings)
    if engine.tensorrt_llm:
        return plan_tensorrt_llm(name, spec.model, engine, engine.tensorrt_llm, placement, settings)
    wanted = adapters if adapters is not None else union(wanted_adapters(spec.model))
    options = engine.vllm or VllmEngine()
    return plan_vllm(name, spec.model, engine, options, placement, settings, wanted, offers.get(name))


def _reads_bucket(spec: ChatbotDeploymentSpec) -> bool:
    """Whether the engine itself, adapters apart, has weights in a bucket."""
    speculative = spec.engine.vllm.speculative if spec.engine.vllm else None
    draft = speculative.draft if speculative else None
    return any(source.uri.startswith("s3://") for source in (spec.model, draft) if source)
