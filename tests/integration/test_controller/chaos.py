"""Operators that are killed between two writes, one after the other, over one shop that changes in its life.

What runs is the operator's own: reconcilers, `Applier`, client, and a real API server. A kill is a leave to write that
is refused from some write on: of a dead operator the cluster sees exactly that. The order of reconciles is drawn at
random; there are no watches, everything is looked at until nothing changes any more.
"""

import json
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
    SECRETS,
    SERVICES,
    resource_of,
)
from kefu_operator.workers import Reconcile
from kefu_operator.write import WRITE_SECONDS
from tests.integration.test_controller.kubelet import Kubelet
from tests.integration.test_controller.objects import chatbot, config_map, endpoint_chatbot, index

Object = dict[str, Any]

MADE = (DEPLOYMENTS, SERVICES, CONFIG_MAPS, CLAIMS, SECRETS, JOBS, AUTOSCALERS, DISRUPTION_BUDGETS, NETWORK_POLICIES)
OWN_WORDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|r-[0-9a-f]{10}|kefu_[0-9a-f]{8}_")
"""What a namespace has of its own: uids, and names by content in which its own name is; their content is compared."""
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

    def __init__(self, client: Client, writes: int | None) -> None:
        self.fuse = Fuse(writes)
        applier = Applier(client, Metrics(CollectorRegistry()), self.fuse)
        images, plan, board, discovery = Images(), PlanSettings(), RefusalBoard(), Discovery(client)
        self._reconciles: dict[str, Reconcile] = {
            INDEXES.kind: KnowledgeReconciler(client, applier, images, discovery),
            ENGINES: EnginesReconciler(client, applier, images, plan, board, discovery),
            CHATBOTS.kind: ChatbotReconciler(client, applier, images, plan, board, discovery),
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
    """What the user applies, and what stands once the operator has done its work."""

    objects: tuple[Object, ...]


STORY = (
    Chapter((config_map(), index(), chatbot("shop"), chatbot("outlet"))),
    # Another engine, none at all, and other sources: each leaves something that nobody wants any more.
    Chapter((
        config_map(text="- {question: 能退货吗？, answer: 三十天内可以。}"),
        chatbot("shop", engine={"llamaCpp": {"parallel": 4}}), endpoint_chatbot("outlet"),
    )),
)  # fmt: skip


class Shop:
    """A namespace in which the story is told."""

    def __init__(self, admin: Client, operator: Client, namespace: str, random: Random) -> None:
        self._admin, self._operator = admin, operator
        self.namespace = namespace
        self._random = random
        self._kubelet = Kubelet(admin, namespace)
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
        while True:
            life = Life(self._operator, None if longest is None else self._random.randint(0, longest))
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
        names = [("shop", CHATBOTS.kind), ("outlet", CHATBOTS.kind), ("shop", INDEXES.kind)]
        for _ in range(ROUNDS):
            engines = [(name, ENGINES) for name in await self._engines()]
            keys = [Key(kind, self.namespace, name) for name, kind in (*names, *engines)]
            self._random.shuffle(keys)
            settled = await life.look(keys)
            if not await self._kubelet.work() and settled:
                return
        raise AssertionError(f"{self.namespace} is not settled after {ROUNDS} rounds")

    async def _engines(self) -> list[str]:
        """Those that a chatbot wants, and those of which something stands."""
        wanted = {engine for found in await self._all(CHATBOTS) for engine in engine_index(PlanSettings()).of(found)}
        made = [found["metadata"].get("labels", {}) for kind in MADE for found in await self._all(kind)]
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
        picture = {
            f"{found['kind']} {found['metadata']['name']}": self._portrait(found, users)
            for found in made
            if found["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") == "kefu-operator"
            and "deletionTimestamp" not in found["metadata"]
        }
        return picture | {f"{each['kind']} {each['metadata']['name']}": self._told(each) for each in users.values()}

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
        return self._anonymous({"labels": meta["labels"], "owners": owners, **spec})

    def _told(self, found: Object) -> Any:
        status = found.get("status", {})
        told = sorted((each["type"], each["status"], each["reason"]) for each in status.get("conditions", ()))
        published = (status.get("published") or {}).get("version")
        return {"conditions": told, "published": published, "generation": status.get("observedGeneration")}

    def _anonymous(self, value: Any) -> Any:
        text = json.dumps(value, sort_keys=True).replace(self.namespace, "NAMESPACE")
        return json.loads(OWN_WORDS.sub("OWN", text))


def _drop_uids(labels: Object) -> None:
    for place in (labels, labels.get("matchLabels", {})):
        for name in [name for name in place if name.endswith("controller-uid")]:
            del place[name]


@asynccontextmanager
async def clients(admin: Path, operator: Path) -> AsyncIterator[tuple[Client, Client]]:
    """The user's and the operator's."""
    async with connect(admin) as first, connect(operator) as second:
        yield first, second
