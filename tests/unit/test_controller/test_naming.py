"""No two things of one kind have one name, whatever their owners are called."""

import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from inspect import isfunction
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.kinds.types import OBJECT_NAME
from kefu_operator import naming
from kefu_operator.desired.images import Images
from kefu_operator.desired.render import render
from kefu_operator.kinds import Kinds
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.resources import MILVUSES

BITS = (
    "a",
    "milvus",
    "push",
    "token",
    "milvus-root",
    "milvus-minio",
    "redis-password",
    "api-key",
    "desk-key",
    "user-salt",
)
"""What names of Secrets are made of, as an owner or a source might be called too."""
OF_INDEXES: tuple[Callable[[str], str], ...] = (
    naming.index_token,
    naming.store_token,
    naming.milvus_root,
    naming.milvus_storage,
)
OF_CHATBOTS: tuple[Callable[[str], str], ...] = (
    naming.session_password,
    naming.api_keys,
    naming.desk_keys,
    naming.user_salt,
)


VERSION, MANNER = "0123456789", "abc"
"""Of Jobs, and of engines."""


def called(bits: int) -> set[str]:
    return {"-".join(each) for count in range(1, bits + 1) for each in product(BITS, repeat=count)}


def test_no_secret_is_taken_for_anothers() -> None:
    owners = called(3)
    made = Counter(name(owner) for owner in owners for name in (*OF_INDEXES, *OF_CHATBOTS))
    made.update(naming.push_key(index, source) for index in owners for source in called(2))
    assert [name for name, times in made.items() if times > 1] == []


def test_the_names_of_most_are_plain() -> None:
    assert naming.index_token("shop") == "shop-token"
    assert naming.store_token("shop") == "shop-milvus-token"
    assert naming.push_key("shop", "orders") == "shop-push-orders"


def test_an_index_that_is_named_like_anothers_store_has_a_token_of_its_own() -> None:
    assert naming.index_token("shop-milvus").startswith("shop-milvus-token-")


def test_no_two_objects_that_are_rendered_have_one_name() -> None:
    tails = ("", "-milvus", "-milvus-milvus", "-push", "-redis", "-gateway", "-token", "-retrieval", "-index")
    names = [f"shop{tail}" for tail in tails]
    for kinds in (Kinds(), Kinds.of(MILVUSES)):
        made = render(map(index, names), map(chatbot, names), {}, PlanSettings(), Images(), kinds)
        assert len(made) > 10 * len(names)
        told = Counter((each["kind"], each["metadata"]["name"]) for each in made)
        told.update(each for found in made if found["kind"] == MILVUSES.kind for each in by_the_milvus_operator(found))
        assert [each for each, times in told.items() if times > 1] == []


def by_the_milvus_operator(found: dict[str, Any]) -> list[tuple[str, str]]:
    """What it makes of a Milvus object that somebody may call, or that anything is kept in."""
    name = found["metadata"]["name"]
    services = [f"{name}-{tail}" for tail in ("milvus", "etcd", "etcd-headless", "minio")]
    others = [("ConfigMap", name), ("Deployment", f"{name}-milvus-standalone"), ("StatefulSet", f"{name}-etcd")]
    storage = [("Deployment", f"{name}-minio"), ("PersistentVolumeClaim", f"{name}-minio")]
    return [*(("Service", each) for each in services), *others, *storage]


OBJECTS: dict[str, dict[Callable[[str], str], tuple[str, ...]]] = {
    "ChatbotDeployment": {
        naming.gateway: (
            "Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"
        ),
        naming.release: ("ConfigMap",),
        naming.session_store: (
            "StatefulSet", "Service", "PersistentVolumeClaim", "PodDisruptionBudget", "NetworkPolicy"
        ),
        **dict.fromkeys(OF_CHATBOTS, ("Secret",)),
    },
    "KnowledgeIndex": {
        naming.retrieval: ("Deployment", "Service", "NetworkPolicy"),
        naming.store: ("Deployment", "PersistentVolumeClaim", "NetworkPolicy"),
        naming.store_service: ("Service",),
        naming.milvus: ("Milvus", "NetworkPolicy"),
        naming.milvus_service: ("Service",),
        naming.milvus_etcd: ("StatefulSet", "Service", "NetworkPolicy"),
        naming.milvus_storage: ("Deployment", "Service", "PersistentVolumeClaim", "NetworkPolicy", "Secret"),
        naming.milvus_data: ("PersistentVolumeClaim",),
        naming.milvus_root: ("Secret",),
        naming.index_token: ("Secret",),
        naming.store_token: ("Secret",),
        naming.index_document: ("ConfigMap",),
        naming.push: ("Deployment", "Service", "ConfigMap", "NetworkPolicy"),
        naming.removal: ("Job",),
        naming.ingestion_policy: ("NetworkPolicy",),
        naming.fetching_policy: ("NetworkPolicy",),
        naming.sources: ("PersistentVolumeClaim",),
        lambda name: naming.ingestion(name, VERSION): ("Job", "ConfigMap"),
        lambda name: naming.ingestion(name, VERSION, MANNER): ("Job", "ConfigMap"),
        lambda name: naming.ingestion(name, VERSION, MANNER, 64): ("Job", "ConfigMap"),
        lambda name: naming.fetching(name, VERSION): ("Job", "ConfigMap"),
        lambda name: naming.publication(name, VERSION): ("Job", "ConfigMap"),
        **{partial(naming.push_key, source=source): ("Secret",) for source in ("token", "faq", "a-milvus-token-0")},
    },
    "Engine": {
        lambda _: naming.engine(VERSION): (
            "Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy", "HorizontalPodAutoscaler", "ScaledObject"
        ),
        lambda _: naming.group(naming.engine(VERSION)): ("LeaderWorkerSet", "StatefulSet", "Service"),
        lambda _: naming.nodes(naming.engine(VERSION)): ("StatefulSet", "Service"),
        lambda _: naming.workers(naming.engine(VERSION), 0): ("StatefulSet",),
        lambda _: naming.adapters(naming.engine(VERSION)): ("ConfigMap",),
        lambda _: naming.model(VERSION): ("PersistentVolumeClaim",),
        lambda _: naming.build(VERSION): ("Job", "PersistentVolumeClaim", "NetworkPolicy"),
    },
}  # fmt: skip
"""What is made for an owner of each kind, by the function that names it."""
NOT_OF_OBJECTS = {
    "owned_by", "uses", "store_alias", "grouped", "index_of_milvus", "ingestion", "fetching", "publication",
    "push_key", "engine", "group", "nodes", "workers", "adapters", "model", "build",
}  # fmt: skip
"""Functions of other things, and those that stand above with what else they take."""
BASES = (
    "a",
    "push",
    "milvus",
    "store",
    "token",
    "gateway",
    "redis",
    "release",
    "index",
    f"engine-{VERSION}",
    f"in-{VERSION}",
)
"""What names are made of, and owners may be called."""
NAMES = st.lists(st.sampled_from(BASES), min_size=1, max_size=4).map("-".join).filter(lambda name: len(name) <= 40)


def objects_of(kind: str, name: str) -> set[tuple[str, str]]:
    return {(made, called(name)) for called, kinds in OBJECTS[kind].items() for made in kinds}


def owners_of(name: str) -> set[str]:
    """Whoever may have an object of that name: it begins with its owner's."""
    ends = [end for end in range(1, min(40, len(name))) if name[end] == "-"]
    return {name[:end] for end in ends if re.fullmatch(OBJECT_NAME.patterns[0], name[:end])}


def test_every_name_of_an_object_is_looked_at() -> None:
    functions = {name for name, value in vars(naming).items() if isfunction(value) and not name.startswith("_")}
    known = {getattr(each, "__name__", "") for of_kind in OBJECTS.values() for each in of_kind}
    assert functions - NOT_OF_OBJECTS == known & functions


@given(kind=st.sampled_from(sorted(OBJECTS)), name=NAMES)
def test_no_two_owners_objects_have_one_name(kind: str, name: str) -> None:
    made = objects_of(kind, name)
    names = set[str]().union(*(owners_of(called) for _, called in made))
    # An engine is called after what it runs, whoever wants it.
    owners = {each for each in product(OBJECTS, names) if each != (kind, name) and each[0] != "Engine"}
    assert {owner: both for owner in owners if (both := made & objects_of(*owner))} == {}


def test_the_service_of_a_store_is_another_where_the_milvus_operator_makes_one_of_its_name() -> None:
    made = render([index("shop-milvus")], (), {}, PlanSettings(), Images(), Kinds())
    (service,) = (each for each in made if each["kind"] == "Service" and "store" in each["metadata"]["name"])
    (store,) = (
        each for each in made if (each["kind"], each["metadata"]["name"]) == ("Deployment", "shop-milvus-milvus")
    )
    assert service["metadata"]["name"] == "shop-milvus-store"
    assert service["spec"]["selector"] == store["spec"]["selector"]["matchLabels"]
    (document,) = (each for each in made if each["metadata"]["name"] == "shop-milvus-index")
    assert '"http://shop-milvus-store.acme.svc:19530"' in document["data"]["index.json"]


def index(name: str) -> KnowledgeIndex:
    sources = [
        {"name": "faq", "format": "FAQ", "configMap": {"name": "faq"}},
        {"name": "token", "format": "FAQ", "push": {}},
    ]
    managed: dict[str, Any] = {"managed": {}} if name == "shop" else {"embedded": {}}
    return KnowledgeIndex.model_validate(
        {"apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex", "spec": {"sources": sources, "store": managed},
         "metadata": {"name": name, "namespace": "acme", "uid": f"uid-of-index-{name}"}}
    )  # fmt: skip


def chatbot(name: str) -> ChatbotDeployment:
    spec = {
        "model": {"uri": "https://models.example/small.gguf"},
        "engine": {"llamaCpp": {}},
        "knowledge": [{"name": name}],
    }
    return ChatbotDeployment.model_validate(
        {"apiVersion": "kefu.dev/v1alpha1", "kind": "ChatbotDeployment", "spec": spec,
         "metadata": {"name": name, "namespace": "acme", "uid": f"uid-of-chatbot-{name}"}}
    )  # fmt: skip
