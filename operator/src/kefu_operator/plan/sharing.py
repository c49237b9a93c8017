"""Shared engines: chatbots of one namespace with equal model and settings use one engine together."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.types import amount
from kefu_operator.kinds import Kinds
from kefu_operator.plan.autoscaling import autoscale, fixed
from kefu_operator.plan.demand import Demand, EngineSignals, demand_of, together
from kefu_operator.plan.engine import NO_OFFERS, Offers, plan_engine
from kefu_operator.plan.engines.adapters import union, wanted_adapters
from kefu_operator.plan.errors import PlanError
from kefu_operator.plan.group import Way
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import Build, Container, VolumeMount, Workload
from kefu_operator.resources import LEADER_WORKER_SETS


@dataclass(frozen=True)
class SharedEngine:
    """One engine, and the chatbots that want it."""

    workload: Workload
    """With the most replicas that any of them asks for, and the adapters of all."""
    chatbots: tuple[ChatbotDeployment, ...]
    demand: Demand | None = None
    """Of all of them together; None where none asks for scaling."""
    signals: EngineSignals | None = None
    """What it can be scaled by."""


@dataclass(frozen=True)
class SharedVolume:
    """A model that several engines may read, and the chatbots whose they are."""

    mount: VolumeMount
    """With the largest size that any of them asks for."""
    chatbots: tuple[ChatbotDeployment, ...]


@dataclass(frozen=True)
class SharedBuild:
    """What several engines may be served from, and the chatbots whose they are."""

    build: Build
    chatbots: tuple[ChatbotDeployment, ...]


@dataclass(frozen=True)
class Sharing:
    """All engines of a namespace."""

    engines: tuple[SharedEngine, ...]
    volumes: tuple[SharedVolume, ...]
    unplanned: tuple[ChatbotDeployment, ...]
    """Chatbots whose engine this installation cannot run; each one's own reconcile says why."""
    builds: tuple[SharedBuild, ...] = ()


@dataclass(frozen=True)
class _Wish:
    chatbot: ChatbotDeployment
    workload: Workload
    signals: EngineSignals | None


def shared_claims(workload: Workload) -> tuple[str, ...]:
    """Names of the volumes that an engine mounts and others may too."""
    mounts = (mount for step in _steps(workload) for mount in step.mounts)
    return tuple(mount.claim for mount in mounts if isinstance(mount, VolumeMount) and mount.shared)


def units(workload: Workload) -> tuple[str, ...]:
    """Names of all that an engine needs and others may too: shared volumes, and what it is built from."""
    return (*shared_claims(workload), *((workload.build.name,) if workload.build else ()))


def share_engines(
    chatbots: Iterable[ChatbotDeployment], placement: Placement, settings: PlanSettings, offers: Offers = NO_OFFERS
) -> Sharing:
    """Plan the engines that the chatbots of one namespace want; none is to offer less to adapters than it does while it runs."""
    wanted: dict[str, list[_Wish]] = defaultdict(list)
    unplanned = []
    for chatbot in sorted(chatbots, key=lambda chatbot: chatbot.metadata.name):
        try:
            plan = plan_engine(chatbot.metadata.name, chatbot.spec, placement, settings, offers=offers)
        except PlanError:
            unplanned.append(chatbot)
            continue
        if plan.workload:
            wanted[plan.workload.name].append(_Wish(chatbot, plan.workload, plan.signals))
    engines = tuple(_together(wishes, placement, settings, offers) for _, wishes in sorted(wanted.items()))
    return Sharing(engines, _volumes(engines), tuple(unplanned), _builds(engines))


def scaled(engine: SharedEngine, kinds: Kinds, settings: PlanSettings) -> Workload:
    """The engine's workload with the decisions what runs it and who scales it, and its number of pods where nobody does."""
    workload, demand = grouped(engine.workload, kinds), engine.demand
    if demand is None or engine.signals is None:
        return workload
    accelerated = bool(workload.container.compute.devices)
    decided = autoscale(
        demand,
        engine.signals,
        kinds,
        settings.prometheus_url,
        accelerated=accelerated,
        grouped=workload.group is not None,
    )
    return replace(workload, replicas=fixed(demand, workload.replicas), autoscaling=decided)


def grouped(workload: Workload, kinds: Kinds) -> Workload:
    """The workload with the decision what runs its groups, where it has any."""
    if workload.group is None:
        return workload
    way = Way.LEADER_WORKER_SET if kinds.has(LEADER_WORKER_SETS) else Way.STATEFUL_SETS
    return replace(workload, group=replace(workload.group, way=way))


def _together(wishes: list[_Wish], placement: Placement, settings: PlanSettings, offers: Offers) -> SharedEngine:
    first = wishes[0]
    workload = first.workload if len(wishes) == 1 else _of_all(wishes, placement, settings, offers)
    return SharedEngine(
        workload=replace(workload, replicas=max(wish.workload.replicas for wish in wishes)),
        chatbots=tuple(wish.chatbot for wish in wishes),
        demand=together([(demand_of(wish.chatbot.spec), wish.workload.replicas) for wish in wishes]),
        signals=first.signals,
    )


def _of_all(wishes: list[_Wish], placement: Placement, settings: PlanSettings, offers: Offers) -> Workload:
    """One engine with everybody's adapters."""
    first = wishes[0]
    models = [wish.chatbot.spec.model for wish in wishes]
    adapters = union(each for model in models if model for each in wanted_adapters(model))
    chatbot = first.chatbot
    plan = plan_engine(chatbot.metadata.name, chatbot.spec, placement, settings, adapters, offers)
    return plan.workload or first.workload


def _volumes(engines: Iterable[SharedEngine]) -> tuple[SharedVolume, ...]:
    wanted: dict[str, list[tuple[VolumeMount, tuple[ChatbotDeployment, ...]]]] = defaultdict(list)
    for engine in engines:
        for container in _steps(engine.workload):
            for mount in container.mounts:
                if isinstance(mount, VolumeMount) and mount.shared:
                    wanted[mount.claim].append((mount, engine.chatbots))
    return tuple(_one_volume(each) for _, each in sorted(wanted.items()))


def _builds(engines: Iterable[SharedEngine]) -> tuple[SharedBuild, ...]:
    wanted: dict[str, tuple[Build, dict[str, ChatbotDeployment]]] = {}
    for engine in engines:
        if build := engine.workload.build:
            _, users = wanted.setdefault(build.name, (build, {}))
            users |= {chatbot.metadata.name: chatbot for chatbot in engine.chatbots}
    return tuple(
        SharedBuild(build, tuple(users[name] for name in sorted(users))) for _, (build, users) in sorted(wanted.items())
    )


def _steps(workload: Workload) -> tuple[Container, ...]:
    """What fetches for an engine, and for its build."""
    return (*workload.steps, *(workload.build.task.steps if workload.build else ()))


def _one_volume(wanted: list[tuple[VolumeMount, tuple[ChatbotDeployment, ...]]]) -> SharedVolume:
    largest = max((mount for mount, _ in wanted), key=lambda mount: amount(mount.size))
    users = {chatbot.metadata.name: chatbot for _, chatbots in wanted for chatbot in chatbots}
    return SharedVolume(largest, tuple(users[name] for name in sorted(users)))
