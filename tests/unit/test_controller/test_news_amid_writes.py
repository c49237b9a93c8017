"""What others change while we write is not lost, whether a watch tells of it or the answer to our write does."""

from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry

from kefu_operator import naming, watch_foreign
from kefu_operator.apply import Applier
from kefu_operator.client.client import Client
from kefu_operator.informers.copies import Copies
from kefu_operator.informers.engines import engine_index
from kefu_operator.metrics import Metrics
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.queue import Key
from kefu_operator.relations import Relations
from kefu_operator.resources import CHATBOTS, DEPLOYMENTS, INDEXES, PODS, SCALED_OBJECTS, Resource
from kefu_operator.watch_children import SUBJECTS, Watcher, stores
from tests.unit.test_scaling.objects import scaled_object

Object = dict[str, Any]
DELETED = {"deletionTimestamp": "2026-11-27T00:00:00Z"}


class Cluster:
    """The operator's copies and relations, and one watch; `woken` is whom all that wakes."""

    def __init__(self, resource: Resource) -> None:
        engines = engine_index(PlanSettings())
        self.woken: list[Key] = []
        self.relations = Relations(engines)
        self.copies = Copies(stores(engines), lambda found: self.woken.extend(self.relations.written(found)))
        subject = next(each for each in (*SUBJECTS, *watch_foreign.SUBJECTS) if each.resource is resource)
        metrics = Metrics(CollectorRegistry())
        self._watcher = Watcher(None, subject, None, self.relations, self.woken.extend, metrics, self.copies)  # type: ignore[arg-type]
        self._resource = resource

    def tell(self, found: Object) -> None:
        """The watch tells of an object, which `Client.watch` lets through or not."""
        event = orjson.dumps({"type": "MODIFIED", "object": found})
        if self.copies.told(self._resource, event) is None:
            self._watcher.hear(found, gone=False)


def user_object(resource: Resource, version: int, generation: int, **meta: Any) -> Object:
    spec = {"model": {"uri": f"hf://a/{generation}"}, "knowledge": [{"name": "k"}]}
    named = {"name": "shop", "namespace": "acme", "uid": "u"}
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {**named, "resourceVersion": str(version), "generation": generation, **meta},
        "spec": spec if resource is CHATBOTS else {"sources": []},
    }


@pytest.mark.parametrize("resource", [CHATBOTS, INDEXES], ids=lambda resource: resource.kind)
@pytest.mark.parametrize(
    ("generation", "meta"),
    [(2, {}), (1, DELETED), (1, {"uid": "another"})],
    ids=["an edit", "a deletion", "another of its name"],
)
def test_what_a_user_changed_just_before_our_write_is_looked_at(
    resource: Resource, generation: int, meta: Object
) -> None:
    cluster = Cluster(resource)
    cluster.tell(user_object(resource, 9, 1))
    cluster.woken.clear()
    ours = user_object(resource, 11, generation, **meta)
    with cluster.copies.writing(ours):
        cluster.copies.learn(ours)
    cluster.tell(user_object(resource, 10, generation, **meta))
    cluster.tell(ours)
    own = Key(resource.kind, "acme", "shop")
    assert cluster.woken.count(own) == 1


@pytest.mark.parametrize(
    ("after", "woken"),
    [((), 1), (("example.com/other",), 1), ((naming.FINALIZER, "example.com/other"), 0)],
    ids=["all of them", "ours", "another's came"],
)
def test_a_finalizer_that_was_taken_off_just_before_our_write_is_looked_at(after: tuple[str, ...], woken: int) -> None:
    cluster = Cluster(INDEXES)
    cluster.tell(user_object(INDEXES, 9, 1, finalizers=[naming.FINALIZER]))
    cluster.woken.clear()
    cluster.copies.learn(user_object(INDEXES, 11, 1, finalizers=list(after)))
    cluster.tell(user_object(INDEXES, 10, 1, finalizers=list(after)))
    assert cluster.woken == [Key(INDEXES.kind, "acme", "shop")] * woken


def test_a_finalizer_that_we_put_on_is_not_looked_at() -> None:
    cluster = Cluster(INDEXES)
    cluster.tell(user_object(INDEXES, 9, 1))
    cluster.woken.clear()
    cluster.copies.learn(user_object(INDEXES, 10, 1, finalizers=[naming.FINALIZER]))
    cluster.copies.learn(user_object(INDEXES, 11, 1, finalizers=[naming.FINALIZER]))
    assert cluster.woken == []


@pytest.mark.parametrize("resource", [CHATBOTS, INDEXES], ids=lambda resource: resource.kind)
def test_what_we_alone_changed_is_not_looked_at(resource: Resource) -> None:
    cluster = Cluster(resource)
    cluster.tell(user_object(resource, 9, 1))
    cluster.woken.clear()
    cluster.copies.learn(user_object(resource, 10, 1))
    cluster.tell(user_object(resource, 10, 1))
    assert cluster.woken == []


def test_news_that_were_held_tell_of_the_object_as_it_was_written_since() -> None:
    cluster = Cluster(CHATBOTS)
    cluster.tell(user_object(CHATBOTS, 9, 1, uid="u"))
    served = [
        {**user_object(CHATBOTS, version, 2), "status": {"engine": {"name": name}}}
        for version, name in ((10, "old"), (11, "new"))
    ]
    with cluster.copies.writing(served[1]):
        cluster.tell(served[0])
        cluster.copies.learn(served[1])
    engines = {key.name for key in cluster.relations.everything() if key.kind == "Engine"}
    assert "new" in engines
    assert "old" not in engines


def test_news_that_were_held_of_what_is_gone_bring_nothing_back() -> None:
    cluster = Cluster(CHATBOTS)
    found = user_object(CHATBOTS, 10, 1)
    with cluster.copies.writing(found):
        cluster.tell(found)
        cluster._watcher.hear(user_object(CHATBOTS, 11, 1), gone=True)
    assert cluster.relations.everything() == []


def test_news_that_were_held_of_a_kind_without_copies_are_told_as_they_came() -> None:
    cluster = Cluster(SCALED_OBJECTS)
    found = scaled_object()
    found["metadata"] |= {"resourceVersion": "10", "labels": {"kefu.dev/owned-by": "ChatbotDeployment.shop"}}
    with cluster.copies.writing(found):
        cluster.tell(found)
        assert cluster.woken == []
    assert cluster.woken == [Key("ChatbotDeployment", "acme", "shop")]


def test_a_pod_that_we_nudged_is_looked_at_for_what_became_of_it_before() -> None:
    cluster = Cluster(PODS)
    meta = {"name": "shop-gateway-0", "namespace": "acme", "labels": {"kefu.dev/owned-by": "ChatbotDeployment.shop"}}
    cluster.copies.learn({"apiVersion": "v1", "kind": "Pod", "metadata": {**meta, "resourceVersion": "11"}})
    assert cluster.woken == [Key("ChatbotDeployment", "acme", "shop")]


async def test_of_two_writes_of_an_object_the_last_answer_counts() -> None:
    meta = {"name": "a", "namespace": "acme", "uid": "u"}
    other_means = [{"manager": "kefu-operator", "operation": "Update", "apiVersion": "apps/v1", "fieldsV1": {}}]

    class Server:
        version = 10

        async def request(self, method: str, *_: Any, **__: Any) -> Object:
            self.version += 1
            more = {"resourceVersion": str(self.version), "managedFields": other_means if self.version == 11 else []}
            return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {**meta, **more}}

    copies = Copies(stores(engine_index(PlanSettings())))
    applier = Applier(Client(Server(), copies), Metrics(CollectorRegistry()))  # type: ignore[arg-type]
    live = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {**meta, "resourceVersion": "10"}}
    written = await applier.apply(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"replicas": 1}}, live
    )
    assert written
    assert written["metadata"]["resourceVersion"] == "12"
    assert copies.store(DEPLOYMENTS)
