"""No two things of one kind have one name, whatever their owners are called."""

from collections import Counter
from collections.abc import Callable
from itertools import product
from typing import Any

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.knowledge.index import KnowledgeIndex
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
        assert [each for each, times in told.items() if times > 1] == []


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
