"""Operators that are killed between two writes, one after the other, over one shop that changes in its life.

What runs is the operator's own: reconcilers, `Applier`, client, and a real API server. A kill is a leave to write that
is refused from some write on: of a dead operator the cluster sees exactly that. The order of reconciles is drawn at
random; there are no watches, everything is looked at until nothing changes any more. Time goes on where nothing but that
is waited for.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from prometheus_client import CollectorRegistry

from kefu_operator.apply import Applier
from kefu_operator.client.client import Client
from kefu_operator.client.connect import connect
from kefu_operator.desired.images import Images
from kefu_operator.discovery import Discovery
from kefu_operator.errors import Conflict
from kefu_operator.informers.engines import engine_index
from kefu_operator.metrics import Metrics
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.queue import Key
from kefu_operator.reconcile.chatbot import ChatbotReconciler
from kefu_operator.reconcile.engines import EnginesReconciler
from kefu_operator.reconcile.knowledge import KnowledgeReconciler
from kefu_operator.reconcile.refusals import RefusalBoard
from kefu_operator.reconcile.tell import Now
from kefu_operator.relations import ENGINES
from kefu_operator.resources import (
    AUTOSCALERS,
    CHATBOTS,
    CLAIMS,
    CONFIG_MAPS,
    DEPLOYMENTS,
    DISRUPTION_BUDGETS,
    INDEXES,
    JOBS,
    NETWORK_POLICIES,
    REVISIONS,
    SECRETS,
    SERVICES,
    STATEFUL_SETS,
    Resource,
    resource_of,
)
from kefu_operator.workers import Reconcile
from kefu_operator.write import WRITE_SECONDS
from tests.integration.test_controller.kubelet import Kubelet
from tests.integration.test_controller.objects import chatbot, config_map, endpoint_chatbot, index

Object = dict[str, Any]

MADE = (
    DEPLOYMENTS, STATEFUL_SETS, SERVICES, CONFIG_MAPS, CLAIMS, SECRETS, JOBS, AUTOSCALERS, DISRUPTION_BUDGETS, NETWORK_POLICIES,
    REVISIONS,
)  # fmt: skip
"""All kinds that the operator makes in it; Events tell what happened, and Leases are of operators that wait for one another."""
OWN_WORDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|r-[0-9a-f]{10}|kefu_[0-9a-f]{8}_")
"""What a namespace has of its own: uids, and names by content in which its own name is; their content is compared."""
USERS = {CHATBOTS.kind: ("shop", "outlet"), INDEXES.kind: ("shop", "archive")}
ROUNDS = 40
"""A shop that is not settled after so many looks at everything never will be."""


class Killed(Exception):
    """The operator is dead."""


class Fuse:
    """Gives leave to so many writes, then to none for ever; each write asks twice."""

    def __init__(self, writes: int | None) -> None:
        self._left = writes
        self._asked = 0

    def __call__(self) -> float:
        if self._left is not None and self._asked >= 2 * self._left:
            raise Killed
        self._asked += 1
        return WRITE_SECONDS

    @property
    def given(self) -> int:
        """Writes."""
        return self._asked // 2


class Life:
    """One operator from its start to its death."""

    def __init__(self, client: Client, writes: int | None, now: Now) -> None:
        self.fuse = Fuse(writes)
        applier = Applier(client, Metrics(CollectorRegistry()), self.fuse)
        images, plan, board, discovery = Images(), PlanSettings(), RefusalBoard(), Discovery(client)
        self._reconciles: dict[str, Reconcile] = {
            INDEXES.kind: KnowledgeReconciler(client, applier, images, discovery, now=now),
            ENGINES: EnginesReconciler(client, applier, images, plan, board, discovery, now=now),
            CHATBOTS.kind: ChatbotReconciler(client, applier, images, plan, board, discovery, now=now),
        }

    async def look(self, keys: Iterable[Key]) -> bool:
        """Reconcile each key; whether all are as they should be."""
        before, settled = self.fuse.given, True
        for key in keys:
            try:
                await self._reconciles[key.kind](key.namespace, key.name)
            except Conflict:
                settled = False
        return settled and self.fuse.given == before


@dataclass(frozen=True)
class Chapter:
    """What the user applies and deletes, before the operator does its work."""

    objects: tuple[Object, ...] = ()
    deleted: tuple[tuple[Resource, str], ...] = ()


STEP = timedelta(seconds=20)
"""How long a step of a rollout lasts; those of the whole story are much shorter than an index waits at most for its store."""
ELSEWHERE = {"external": {"uri": "http://milvus.milvus:19530", "deletionPolicy": "Delete"}}
FOUR = {"llamaCpp": {"parallel": 4}}
BY_STEPS = {"steps": [50, 100], "interval": f"{STEP.seconds}s"}
BY_DECISION = {"steps": [50, 100], "interval": "24h", "decision": {"release": "r3", "verdict": "Promote"}}

STORY = (
    Chapter((
        config_map(), index(), chatbot("shop"), chatbot("outlet"),
        config_map("archive-faq"), index("archive", "archive-faq", store=ELSEWHERE),
    )),
    # Another engine, none at all, and other sources: each leaves something that nobody wants any more.
    Chapter((
        config_map(text="- {question: 能退货吗？, answer: 三十天内可以。}"),
        chatbot("shop", engine=FOUR), endpoint_chatbot("outlet"),
    )),
    # Other words, which come to the customers of one by steps, and to those of the other by a decision, with the engine of the first.
    Chapter((
        chatbot("shop", engine=FOUR, persona={"prompt": "请用一句话回答。"}, rollout=BY_STEPS),
        chatbot("outlet", engine=FOUR, persona={"prompt": "请简短回答。"}, rollout=BY_DECISION),
    )),
    # Who shares an engine goes, and what lies in a store of somebody else's, which is dropped first.
    Chapter(deleted=((CHATBOTS, "outlet"), (INDEXES, "archive"))),
)  # fmt: skip


class Shop:
    """A namespace in which the story is told."""

    def __init__(self, admin: Client, operator: Client, namespace: str, random: Random) -> None:
        self._admin, self._operator = admin, operator
        self.namespace = namespace
        self._random = random
        self._kubelet = Kubelet(admin, namespace, MADE)
        self._ahead = timedelta()
        """Time that nobody had to wait for."""
        self.writes: list[int] = []
        """Of each life, how many there were."""

    async def open(self) -> None:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
        await self._admin.request("post", "/api/v1/namespaces", body)

    async def tell(self, chapter: Chapter, longest: int | None) -> None:
        """Apply a chapter and let operators live and die until all is settled.

        Args:
            chapter: of the story.
            longest: the most writes that an operator lives to do; None: it is never killed.
        """
        for found in chapter.objects:
            await self._apply(found)
        for kind, name in chapter.deleted:
            await self._admin.request("delete", kind.path(self.namespace, name), {"propagationPolicy": "Background"})
        while True:
            writes = None if longest is None else self._random.randint(0, longest)
            life = Life(self._operator, writes, lambda: datetime.now(UTC) + self._ahead)
            try:
                await self._settle(life)
            except Killed:
                self.writes.append(life.fuse.given)
                # Who is killed before the first write again and again gets nowhere.
                longest = longest if life.fuse.given or longest is None else max(longest, 1)
                continue
            self.writes.append(life.fuse.given)
            return

    async def _settle(self, life: Life) -> None:
        names = [(name, kind) for kind, names in USERS.items() for name in names]
        for _ in range(ROUNDS):
            engines = [(name, ENGINES) for name in await self._engines()]
            keys = [Key(kind, self.namespace, name) for name, kind in (*names, *engines)]
            self._random.shuffle(keys)
            settled = await life.look(keys)
            if await self._kubelet.work() or not settled:
                continue
            if not await self._takes_steps():
                return
            self._ahead += STEP
        raise AssertionError(f"{self.namespace} is not settled after {ROUNDS} rounds")

    async def _takes_steps(self) -> bool:
        """Whether a release is on its way, for which nothing is to be done but to wait."""
        told = [(found.get("status") or {}).get("releases") or {} for found in await self._all(CHATBOTS)]
        return any("candidate" in releases for releases in told)

    async def _engines(self) -> list[str]:
        """Those that a chatbot wants, and those of which something stands."""
        wanted = {engine for found in await self._all(CHATBOTS) for engine in engine_index(PlanSettings()).of(found)}
        kinds = await asyncio.gather(*map(self._all, MADE))
        made = [found["metadata"].get("labels", {}) for kind in kinds for found in kind]
        return sorted(wanted | {labels["kefu.dev/engine"] for labels in made if "kefu.dev/engine" in labels})

    async def _apply(self, found: Object) -> None:
        resource = resource_of(found)
        body = {**found, "metadata": {**found["metadata"], "namespace": self.namespace}}
        await self._admin.request(
            "patch", resource.path(self.namespace, found["metadata"]["name"]), body,
            content_type="application/apply-patch+yaml", field_manager="user", force_conflicts=True,
        )  # fmt: skip

    async def picture(self) -> dict[str, Any]:
        """Everything that stands, without what differs between two namespaces."""
        users = {found["metadata"]["uid"]: found for kind in (CHATBOTS, INDEXES) for found in await self._all(kind)}
        made = [found for kind in MADE for found in await self._all(kind)]
        picture = {f"{each['kind']} {each['metadata']['name']}": self._told(each) for each in users.values()}
        for found in made:
            ours = found["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") == "kefu-operator"
            if ours and "deletionTimestamp" not in found["metadata"]:
                name = _name(found)
                assert name not in picture, f"{name} is there twice"
                picture[name] = self._portrait(found, users)
        return picture

    async def _all(self, kind: Any) -> tuple[Object, ...]:
        return (await self._admin.list(kind, self.namespace)).items

    def _portrait(self, found: Object, users: dict[str, Object]) -> Any:
        meta = found["metadata"]
        owners = sorted(
            f"{users[owner['uid']]['kind']} {owner['name']}" if owner["uid"] in users else "nobody"
            for owner in meta.get("ownerReferences", ())
        )
        spec = {name: value for name, value in found.items() if name not in ("metadata", "status")}
        if found["kind"] == "Secret":
            spec["data"] = sorted(spec["data"])
        if found["kind"] == "Service":
            spec["spec"] = {name: value for name, value in spec["spec"].items() if not name.startswith("clusterIP")}
        if found["kind"] == "Job":
            for labels in (spec["spec"]["template"]["metadata"]["labels"], spec["spec"].setdefault("selector", {})):
                _drop_uids(labels)
        labels = meta["labels"]
        if found["kind"] == REVISIONS.kind:
            labels = {name: value.replace(meta["name"], "OWN") for name, value in labels.items()}
        return self._anonymous({"labels": labels, "owners": owners, **spec})

    def _told(self, found: Object) -> Any:
        status = found.get("status", {})
        told = sorted((each["type"], each["status"], each["reason"]) for each in status.get("conditions", ()))
        published = (status.get("published") or {}).get("version")
        releases = {name: value for name, value in (status.get("releases") or {}).items() if name != "since"}
        return {
            "conditions": told, "published": published, "generation": status.get("observedGeneration"),
            "releases": releases, "finalizers": found["metadata"].get("finalizers"),
        }  # fmt: skip

    def _anonymous(self, value: Any) -> Any:
        text = json.dumps(value, sort_keys=True).replace(self.namespace, "NAMESPACE")
        return json.loads(OWN_WORDS.sub("OWN", text))


def _name(found: Object) -> str:
    """Kind and name; of a release its owner and number, for its name is by the owner's uid."""
    if found["kind"] == REVISIONS.kind:
        (owner,) = found["metadata"]["ownerReferences"]
        return f"{found['kind']} {owner['name']} r{found['revision']}"
    return f"{found['kind']} {found['metadata']['name']}"


def _drop_uids(labels: Object) -> None:
    for place in (labels, labels.get("matchLabels", {})):
        for name in [name for name in place if name.endswith("controller-uid")]:
            del place[name]


@asynccontextmanager
async def clients(admin: Path, operator: Path) -> AsyncIterator[tuple[Client, Client]]:
    """The user's and the operator's."""
    async with connect(admin) as first, connect(operator) as second:
        yield first, second
