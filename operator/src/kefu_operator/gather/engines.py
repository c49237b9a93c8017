"""What the reconcile of an engine, or of a volume that engines share, reads: its objects, who wants it, and who owns it."""

from dataclasses import dataclass, field

from pydantic import ValidationError

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator import naming
from kefu_operator.building import BuildView
from kefu_operator.client.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.gather.owned import gather_owned
from kefu_operator.gather.pods import view
from kefu_operator.gather.server import has_image_volumes, needs_image_volumes
from kefu_operator.informers.store import Index
from kefu_operator.kinds import Kinds
from kefu_operator.parsing import chatbot_of
from kefu_operator.pods import PodView
from kefu_operator.resources import (
    AUTOSCALERS,
    CHATBOTS,
    CLAIMS,
    CONFIG_MAPS,
    DEPLOYMENTS,
    DISRUPTION_BUDGETS,
    JOBS,
    LEADER_WORKER_SETS,
    NETWORK_POLICIES,
    PODS,
    REVISIONS,
    SCALED_OBJECTS,
    SERVICES,
    STATEFUL_SETS,
    Resource,
)
from kefu_operator.rollout.engines import are_two
from kefu_operator.scaling.rivals import rival

KINDS = (
    DEPLOYMENTS, STATEFUL_SETS, SERVICES, CLAIMS, CONFIG_MAPS, AUTOSCALERS, DISRUPTION_BUDGETS, NETWORK_POLICIES, JOBS,
)  # fmt: skip


@dataclass(frozen=True)
class EngineFacts:
    """One engine."""

    chatbots: tuple[ChatbotDeployment, ...]
    """Those that want it."""
    owners: tuple[Object, ...]
    """Chatbots that own what stands of it and are there, whatever they want by now."""
    owned: tuple[Object, ...]
    image_volumes: bool
    """Whether pods can mount images; not asked where no chatbot needs it."""
    kinds: Kinds = field(default_factory=Kinds)
    """What the cluster has."""
    revisions: tuple[Object, ...] = ()
    """ControllerRevisions with the releases of those that may need two engines."""


async def gather_engine(client: Client, namespace: str, name: str, index: Index, kinds: Kinds) -> EngineFacts:
    """Everything about the engine or volume of that name; the index lists chatbots by what they want.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    # The chatbots are read last: an engine made for a chatbot that came meanwhile must not seem unwanted.
    others = tuple(each for each in (SCALED_OBJECTS, LEADER_WORKER_SETS) if kinds.has(each))
    owned = await gather_owned(client, namespace, f"{naming.ENGINE}={name}", (*KINDS, *others))
    wanting = await client.select(CHATBOTS, namespace, index, name)
    # One that cannot be read any more is listed for what its status says, and owns what it has.
    chatbots = [chatbot for found in wanting if _stays(found) and (chatbot := readable(found))]
    names = {(owner["name"], owner["uid"]) for each in owned for owner in each["metadata"].get("ownerReferences", ())}
    found = [await client.get(CHATBOTS, namespace, owner) for owner, _ in sorted(names)]
    owners = [each for each in found if each and _stays(each) and _identity(each) in names]
    wanted = any(needs_image_volumes(chatbot) for chatbot in chatbots)
    images = not wanted or await has_image_volumes(client)
    labels = [
        f"{naming.OWNED_BY}={naming.owned_by(CHATBOTS.kind, each.metadata.name)}" for each in chatbots if are_two(each)
    ]
    revisions = [each for label in labels for each in await gather_owned(client, namespace, label, (REVISIONS,))]
    return EngineFacts(tuple(chatbots), tuple(owners), owned, images, kinds, tuple(revisions))


async def gather_engine_pods(client: Client, namespace: str, name: str) -> tuple[PodView, ...]:
    """The pods of an engine, as they tell of themselves.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    return tuple(view(pod) for pod in (await client.list(PODS, namespace, labels=f"{naming.ENGINE}={name}")).items)


async def gather_build(client: Client, namespace: str, name: str) -> BuildView:
    """A build, without its pods.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    job = await client.get(JOBS, namespace, name)
    return BuildView(job if job and _stays(job) else None)


async def gather_rival(client: Client, namespace: str, runner: tuple[Resource, str]) -> str:
    """Name of the HorizontalPodAutoscaler of somebody else that scales what runs an engine; empty where there is none.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    # Those of gateways need not be looked through.
    listing = await client.list(AUTOSCALERS, namespace, labels=f"!{naming.OWNED_BY}")
    return rival(runner, listing.items)


def readable(found: Object) -> ChatbotDeployment | None:
    """The chatbot, where its spec can be parsed."""
    try:
        return chatbot_of(found)
    except ValidationError:
        return None


def _stays(found: Object) -> bool:
    return "deletionTimestamp" not in found["metadata"]


def _identity(found: Object) -> tuple[str, str]:
    return found["metadata"]["name"], found["metadata"]["uid"]
