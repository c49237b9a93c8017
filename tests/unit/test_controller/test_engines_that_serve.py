"""An engine stays while a release is served by it, although the chatbot's spec has gone on: from copies, as the operator reads them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from kefu_operator.apply import Applier
from kefu_operator.client.client import Client
from kefu_operator.desired.images import Images
from kefu_operator.discovery import Discovery
from kefu_operator.gather.engines import KINDS, EngineFacts
from kefu_operator.informers.copies import Copies
from kefu_operator.informers.engines import engine_index
from kefu_operator.metrics import Metrics
from kefu_operator.parsing import chatbot_of
from kefu_operator.plan.content import content_of
from kefu_operator.plan.engine import engine_name
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.reconcile.engines import EnginesReconciler, unwanted
from kefu_operator.reconcile.refusals import RefusalBoard
from kefu_operator.relations import Relations, engine_key
from kefu_operator.resources import CHATBOTS, REVISIONS
from kefu_operator.watch_children import stores

Object = dict[str, Any]
PLAN = PlanSettings()
INDEX = engine_index(PLAN)


def chatbot(version: int, generation: int, model: str, engine: str = "", **releases: Any) -> Object:
    rollout = {"rollout": {"strategy": "Canary"}} if releases else {}
    told = {"status": {"engine": {"name": engine}, **({"releases": releases} if releases else {})}} if engine else {}
    meta = {"name": "shop", "namespace": "acme", "uid": "u"}
    return {
        "apiVersion": CHATBOTS.api_version,
        "kind": CHATBOTS.kind,
        "metadata": {**meta, "resourceVersion": str(version), "generation": generation},
        "spec": {"model": {"uri": f"hf://acme/{model}"}, "knowledge": [{"name": "k"}], **rollout},
        **told,
    }


A, B, C = (engine_name("shop", chatbot_of(chatbot(1, 1, model)).spec) or "" for model in "abc")
MOVING = {"candidate": "r2", "phase": "Progressing", "weight": 100, "step": "4/4"}
EDITED_AMID_A_PROMOTION = [
    chatbot(10, 2, "b", A, stable="r1", **MOVING),
    chatbot(11, 3, "c", A, stable="r1", **MOVING),
    chatbot(12, 3, "c", B, stable="r2"),
]


def revision(number: int, model: str) -> Object:
    meta = {"name": f"shop-{number}", "namespace": "acme", "resourceVersion": "1", "ownerReferences": [{"uid": "u"}]}
    labels = {"kefu.dev/owned-by": "ChatbotDeployment.shop"}
    spec = content_of(chatbot_of(chatbot(1, 1, model)).spec)
    kind = {"apiVersion": REVISIONS.api_version, "kind": REVISIONS.kind}
    return {**kind, "metadata": {**meta, "labels": labels}, "revision": number, "data": {"spec": spec}}


def deployment(engine: str) -> Object:
    owner = {"uid": "u", "name": "shop"}
    meta = {"name": engine, "namespace": "acme", "uid": engine, "resourceVersion": "1", "ownerReferences": [owner]}
    labels = {"kefu.dev/engine": engine, "app.kubernetes.io/managed-by": "kefu-operator"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {**meta, "labels": labels}, "spec": {}}


class Recording:
    """Answers every write with what was written, and knows no kinds of others."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self._version = 100

    async def page(self, path: str, **_: Any) -> Object:
        return await self.request("get", path)

    async def request(self, method: str, path: str, body: Any = None, **_: Any) -> Object:
        self.asked.append((method, path.rpartition("/")[2]))
        if method == "get":
            return {
                "groupVersion": "v1",
                "resources": [],
                "items": [],
                "metadata": {"resourceVersion": "1"},
                "minor": "35",
            }
        if method == "delete":
            return {"apiVersion": "v1", "kind": "Status", "status": "Success"}
        self._version += 1
        return {**body, "metadata": {**body["metadata"], "uid": path, "resourceVersion": str(self._version)}}


async def asked_for(engine: str, *objects: Object) -> list[tuple[str, str]]:
    """The requests of an engine's reconcile, where watches have told of these objects."""
    transport = Recording()
    copies = Copies(stores(INDEX))
    for resource in (*KINDS, CHATBOTS, REVISIONS):
        copies.completed(resource, None)
    for found in objects:
        copies.learn(found)
    client = Client(transport, copies)  # type: ignore[arg-type]
    applier = Applier(client, Metrics(CollectorRegistry()))
    moment = datetime(2026, 11, 28, 12, tzinfo=UTC)
    board, discovery = RefusalBoard(), Discovery(client)
    reconcile = EnginesReconciler(client, applier, Images(), PLAN, board, discovery, now=lambda: moment)
    again = await reconcile("acme", engine)
    assert [each for each in transport.asked if each[0] == "delete"] == []
    moment += timedelta(seconds=again.after or 0)
    await reconcile("acme", engine)
    return transport.asked


async def test_the_stable_releases_engine_stays_when_the_spec_was_edited_amid_its_promotion() -> None:
    revisions = [revision(number, model) for number, model in enumerate("abc", start=1)]
    asked = await asked_for(B, *EDITED_AMID_A_PROMOTION, deployment(B), *revisions)
    assert ("patch", B) in asked
    assert [each for each in asked if each[0] == "delete"] == []


async def test_the_engine_of_the_release_before_goes_then() -> None:
    revisions = [revision(number, model) for number, model in enumerate("abc", start=1)]
    asked = await asked_for(A, *EDITED_AMID_A_PROMOTION, deployment(A), *revisions)
    assert [each for each in asked if each[0] == "delete"] == [("delete", A)]


async def test_a_candidates_engine_stays_until_the_gateways_are_told_of_another_spec() -> None:
    revisions = [revision(number, model) for number, model in enumerate("abc", start=1)]
    moving = {"stable": "r1", **MOVING}
    for model in "ac":
        behind = chatbot(10, 3, model, A, **moving)
        behind["status"]["observedGeneration"] = 2
        assert [each for each in await asked_for(B, behind, deployment(B), *revisions) if each[0] == "delete"] == []
    told = chatbot(11, 3, "c", A, stable="r1", candidate="r3")
    told["status"]["observedGeneration"] = 3
    asked = await asked_for(B, told, deployment(B), *revisions)
    assert [each for each in asked if each[0] == "delete"] == [("delete", B)]


async def test_a_spec_that_cannot_be_carried_out_keeps_the_engine_that_serves_as_it_should_be_and_no_other() -> None:
    wrong = chatbot(11, 3, "c", A, stable="r1")
    del wrong["spec"]["rollout"]
    wrong["spec"]["engine"] = {"accelerator": {"class": "unheard-of"}}
    wrong["status"]["observedGeneration"] = 3
    asked = await asked_for(A, wrong, deployment(A), revision(1, "a"))
    assert ("patch", A) in asked
    assert [each for each in asked if each[0] == "delete"] == []
    asked = await asked_for(B, wrong, deployment(B), revision(1, "a"))
    assert [each for each in asked if each[0] == "delete"] == [("delete", B)]


async def test_a_chatbot_that_cannot_be_read_keeps_the_engine_that_serves_it() -> None:
    unreadable = {**chatbot(10, 2, "b", A), "spec": {"nope": 1}}
    assert [each for each in await asked_for(A, unreadable, deployment(A)) if each[0] == "delete"] == []


def test_what_a_status_says_that_it_is_served_by_may_not_go() -> None:
    def left(engine: str) -> list[str]:
        facts = EngineFacts((), (chatbot(1, 1, "c", engine),), (deployment(B),), image_volumes=True)
        doomed, again = unwanted(facts, ClusterPlacement("acme"), PLAN)
        assert again is None
        return [each["metadata"]["name"] for each in doomed]

    assert (left(B), left(C), left("")) == ([], [B], [B])


def test_both_engines_are_woken_when_a_status_says_that_another_serves() -> None:
    relations = Relations(INDEX)
    relations.chatbot_seen(chatbot(1, 1, "a", A))
    assert {engine_key("acme", each) for each in (A, B)} <= set(relations.chatbot_seen(chatbot(2, 2, "b", A)))
    assert engine_key("acme", A) in relations.everything()
    assert {engine_key("acme", each) for each in (A, B)} <= set(relations.written(chatbot(3, 2, "b", B)))
    assert engine_key("acme", A) not in relations.everything()


def test_a_status_that_names_the_wanted_engine_wakes_no_engine() -> None:
    relations = Relations(INDEX)
    relations.chatbot_seen(chatbot(1, 1, "a"))
    assert [key.kind for key in relations.chatbot_seen(chatbot(2, 1, "a", A))] == [CHATBOTS.kind]
