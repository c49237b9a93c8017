"""What a ChatbotDeployment's reconcile reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator import naming
from kefu_operator.building import BuildView
from kefu_operator.client.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.gather.companions import Companions
from kefu_operator.gather.groups import gather_groups
from kefu_operator.gather.owned import find, gather_owned
from kefu_operator.gather.pods import gather_pods
from kefu_operator.gather.refused import gather_refused
from kefu_operator.gather.server import has_image_volumes, needs_image_volumes
from kefu_operator.gather.unreadable import Unreadable
from kefu_operator.kinds import Kinds
from kefu_operator.parsing import chatbot_of
from kefu_operator.plan.engine import engine_name
from kefu_operator.plan.engines.adapters import wanted_adapters
from kefu_operator.plan.engines.needs import Need
from kefu_operator.plan.engines.tensorrt_build import COMPONENT as BUILD
from kefu_operator.pods import PodView, pods_of
from kefu_operator.resources import (
    AUTOSCALERS,
    CHATBOTS,
    CLAIMS,
    CONFIG_MAPS,
    DEPLOYMENTS,
    DISRUPTION_BUDGETS,
    INDEXES,
    JOBS,
    LEADER_WORKER_SETS,
    NETWORK_POLICIES,
    REVISIONS,
    SCALED_OBJECTS,
    SERVICES,
    STATEFUL_SETS,
)
from kefu_operator.rollout.revisions import named, revisions_of

KINDS = (DEPLOYMENTS, STATEFUL_SETS, CLAIMS, SERVICES, CONFIG_MAPS, AUTOSCALERS, DISRUPTION_BUDGETS, NETWORK_POLICIES)


@dataclass(frozen=True)
class EngineView:
    """One engine."""

    runner: Object | None = None
    """What runs the pods that answer: a Deployment, or of groups a LeaderWorkerSet or StatefulSet; None before it exists."""
    pods: tuple[PodView, ...] = ()
    scaler: Object | None = None
    """What scales it, where the spec wants it scaled."""
    sets: tuple[Object, ...] = ()
    """StatefulSets of its groups, those of workers too; of a LeaderWorkerSet only what may tell why groups are missing."""
    lacking: Mapping[str, Need] = field(default_factory=dict)
    """What adapters lack that are left out of it, by the name that it would know each by: as its own reconcile found."""


@dataclass(frozen=True)
class ChatbotFacts:
    """One chatbot and all around it."""

    found: Object
    """The object as it is."""
    chatbot: ChatbotDeployment
    owned: tuple[Object, ...]
    pods: tuple[PodView, ...]
    engines: Mapping[str, EngineView]
    """The engine of the present spec and the one that the status tells of, by name."""
    indexes: Mapping[str, Object | None]
    """Every index that the spec or the stable release names; None where it does not exist."""
    image_volumes: bool
    """Whether pods can mount images; not asked where the model is none."""
    kinds: Kinds
    """What the cluster has."""
    revisions: tuple[Object, ...] = ()
    """The ControllerRevisions that keep its releases."""

    builds: Mapping[str, BuildView] = field(default_factory=dict)
    """Of engines that are compiled, by name; not looked for where no release can have one."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Of what lacks pods, by name: why they are refused, where that is told."""

    def engine_of(self, name: str) -> EngineView:
        """An engine as it is."""
        return self.engines.get(name, EngineView())


async def gather_chatbot(
    client: Client, namespace: str, name: str, kinds: Kinds, companions: Companions
) -> ChatbotFacts | Unreadable | None:
    """Everything, or what cannot be read of it, or None where it is gone or going.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    found = await client.get(CHATBOTS, namespace, name)
    if found is None or "deletionTimestamp" in found["metadata"]:
        return None
    try:
        chatbot = chatbot_of(found)
    except ValidationError as error:
        return Unreadable(found, error)
    label = f"{naming.OWNED_BY}={naming.owned_by(CHATBOTS.kind, name)}"
    told = chatbot.status.engine.name if chatbot.status and chatbot.status.engine else None
    engines = sorted({each for each in (engine_name(name, chatbot.spec), told) if each})
    scaled = chatbot.spec.scaling.engine is not None
    # One after the other, for all of it is at hand as copies.
    owned = await gather_owned(client, namespace, label, KINDS)
    pods = await gather_pods(client, namespace, label)
    revisions = await gather_owned(client, namespace, label, (REVISIONS,))
    names = list(dict.fromkeys((*(index.name for index in chatbot.spec.knowledge), *_drawn(chatbot, revisions))))
    views = [await _engine(client, namespace, engine, kinds, scaled=scaled) for engine in engines]
    adapters = {each.name for each in wanted_adapters(chatbot.spec.model)} if chatbot.spec.model else set()
    views = [replace(each, pods=await companions.ask(client, namespace, each.pods, adapters)) for each in views]
    indexes = [await client.get(INDEXES, namespace, index) for index in names]
    image_volumes = not needs_image_volumes(chatbot) or await has_image_volumes(client)
    known, by_name = dict(zip(names, indexes, strict=True)), dict(zip(engines, views, strict=True))
    builds = await _builds(client, namespace) if chatbot.spec.engine.tensorrt_llm or chatbot.spec.rollout else {}
    jobs = [build.job for build in builds.values() if build.job]
    sets = [each for view in views for each in view.sets]
    refused = await gather_refused(client, namespace, (*owned, *jobs, *sets))
    return ChatbotFacts(found, chatbot, owned, pods, by_name, known, image_volumes, kinds, revisions, builds, refused)


def _drawn(chatbot: ChatbotDeployment, revisions: tuple[Object, ...]) -> list[str]:
    """Indexes of the stable release, which may be others than the spec's."""
    releases = chatbot.status.releases if chatbot.status else None
    stable = named(revisions_of(revisions, chatbot.metadata.uid), releases.stable) if releases else None
    return [str(index["name"]) for index in stable.content.get("knowledge", ())] if stable else []


async def _builds(client: Client, namespace: str) -> dict[str, BuildView]:
    label = f"app.kubernetes.io/managed-by={naming.MANAGER},app.kubernetes.io/name=kefu-{BUILD}"
    jobs = await client.list(JOBS, namespace, labels=label)
    pods = await gather_pods(client, namespace, label) if jobs.items else ()
    return {
        job["metadata"]["name"]: BuildView(job, tuple(pods_of(pods, job["metadata"]["name"])))
        for job in jobs.items
        if "deletionTimestamp" not in job["metadata"]
    }


async def _engine(client: Client, namespace: str, name: str, kinds: Kinds, *, scaled: bool) -> EngineView:
    label = f"{naming.ENGINE}={name}"
    places = [(DEPLOYMENTS, name), (STATEFUL_SETS, naming.nodes(name))]
    places += [(LEADER_WORKER_SETS, naming.group(name))] if kinds.has(LEADER_WORKER_SETS) else []
    runners = await gather_owned(client, namespace, label, (resource for resource, _ in places))
    pods = await gather_pods(client, namespace, label)
    scaler = await _scaler(client, namespace, name if scaled else None, kinds)
    found = (find(runners, resource, called) for resource, called in places)
    runner = next((each for each in found if each), None)
    sets = [each for each in runners if each["kind"] == STATEFUL_SETS.kind]
    return EngineView(runner, pods, scaler, (*sets, *await gather_groups(client, namespace, runner)))


async def _scaler(client: Client, namespace: str, engine: str | None, kinds: Kinds) -> Object | None:
    """Where KEDA is, a HorizontalPodAutoscaler is one that is about to go."""
    if engine is None:
        return None
    scaled = await client.get(SCALED_OBJECTS, namespace, engine) if kinds.has(SCALED_OBJECTS) else None
    if scaled:
        return scaled
    # By its label, under which copies are found: that there is none need not be asked.
    found = (await client.list(AUTOSCALERS, namespace, labels=f"{naming.ENGINE}={engine}")).items
    return next((each for each in found if each["metadata"]["name"] == engine), None)
