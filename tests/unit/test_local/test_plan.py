from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kefu_api.documents.index import Index
from kefu_operator.local.errors import InputInvalid
from kefu_operator.local.plan import gateways, plan
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import DocumentMount, SecretMount
from tests.unit.test_local.objects import bundle, chatbot, config_map, index, placement, secret

SETTINGS = PlanSettings()
GGUF = {"uri": "https://models.example.com/m.gguf"}


def test_the_whole_shop_is_planned_in_the_order_in_which_it_starts(tmp_path: Path) -> None:
    objects = bundle(tmp_path, index(), chatbot(model=GGUF, engine={"llamaCpp": {}}), config_map())
    made = plan(objects, placement(tmp_path), SETTINGS)
    assert [workload.component for workload in made.workloads] == [
        "store",
        "retrieval",
        "engine",
        "session-store",
        "gateway",
    ]
    assert [wanted.index for wanted in made.wanted] == ["shop"]
    assert sorted(secret.name for secret in made.generated_secrets) == [
        "shop-api-key",
        "shop-milvus-token",
        "shop-redis-password",
        "shop-token",
        "shop-user-salt",
    ]


def test_the_first_gateway_gets_the_users_port_and_everything_else_is_on_loopback(tmp_path: Path) -> None:
    objects = bundle(tmp_path, index(), chatbot("a"), chatbot("b"), config_map())
    placed = replace(placement(tmp_path), public=gateways(objects, 9000))
    made = plan(objects, placed, SETTINGS)
    assert made.chatbots[0].url == "http://127.0.0.1:9000"
    assert made.chatbots[1].url != made.chatbots[0].url
    for workload in made.workloads:
        command = workload.container.command
        bound = {command[at + 1] for at, word in enumerate(command) if word in ("--host", "--bind")}
        assert bound == {"127.0.0.1"}, workload.name


def test_only_the_gateway_listens_on_the_users_address(tmp_path: Path) -> None:
    objects = bundle(tmp_path, index(), chatbot(), config_map())
    made = plan(objects, placement(tmp_path), SETTINGS, host="0.0.0.0")
    open_to_all = [workload.component for workload in made.workloads if "0.0.0.0" in workload.container.command]
    assert open_to_all == ["gateway"]


def test_chatbots_with_equal_engines_share_one(tmp_path: Path) -> None:
    equal = {"model": GGUF, "engine": {"llamaCpp": {}}}
    objects = bundle(tmp_path, index(), chatbot("a", **equal), chatbot("b", **equal), config_map())
    made = plan(objects, placement(tmp_path), SETTINGS)
    assert [workload.component for workload in made.workloads].count("engine") == 1


def test_the_companion_of_an_engine_is_asked_where_it_listens_and_needs_its_keys(tmp_path: Path) -> None:
    keys = {"accessKeySecret": {"name": "keys", "key": "id"}, "secretKeySecret": {"name": "keys", "key": "secret"}}
    voice = {"name": "voice", "uri": "s3://loras/voice/"}
    model = {"uri": "hf://a/b", "adapters": [voice], "s3": {"endpoint": "https://s3.example", **keys}}
    placed = placement(tmp_path)
    made = plan(bundle(tmp_path, index(), chatbot(model=model, engine={"vllm": {}}), config_map()), placed, SETTINGS)
    companion = next(each for each in made.workloads if each.name.endswith("-adapters"))
    (port,) = companion.container.ports
    command = companion.container.command
    assert command[command.index("--readiness") + 1] == str(placed.listen(companion.name, port))
    assert not any(mount.optional for mount in companion.container.mounts if isinstance(mount, SecretMount))


def test_models_come_from_the_store_of_this_user(tmp_path: Path) -> None:
    objects = bundle(tmp_path, index(), chatbot(model=GGUF, engine={"llamaCpp": {}}), config_map())
    engine = next(w for w in plan(objects, placement(tmp_path), SETTINGS).workloads if w.component == "engine")
    command = engine.steps[0].command
    assert command[command.index("--store") + 1] == str(tmp_path / "models")


def test_an_edit_changes_the_version_and_no_process(tmp_path: Path) -> None:
    placed = placement(tmp_path)
    before = plan(bundle(tmp_path, index(), chatbot(), config_map()), placed, SETTINGS)
    after = plan(bundle(tmp_path, index(), chatbot(), config_map(text="- {question: a, answer: b}")), placed, SETTINGS)
    assert before.wanted[0].version != after.wanted[0].version
    assert before.workloads == after.workloads


def test_the_users_own_keys_are_used_and_none_is_made(tmp_path: Path) -> None:
    access = {"apiKeysSecret": {"name": "mine"}}
    objects = bundle(tmp_path, index(), chatbot(access=access), config_map(), secret("mine", web="k", app="k2"))
    made = plan(objects, placement(tmp_path), SETTINGS)
    assert [secret.name for secret in made.generated_secrets] == [
        "shop-token",
        "shop-milvus-token",
        "shop-user-salt",
        "shop-redis-password",
    ]
    assert made.chatbots[0].key_file.endswith("/shop-gateway/keys/app")
    gateway = made.workloads[-1]
    assert "mine" in {mount.secret for mount in gateway.container.mounts if isinstance(mount, SecretMount)}


@pytest.mark.parametrize(
    ("objects", "sentence"),
    [
        ([config_map()], "no KnowledgeIndex and no ChatbotDeployment"),
        ([index(), config_map("other")], r"KnowledgeIndex/shop: spec\.sources\[0\]\.configMap: there is no ConfigMap"),
        ([chatbot()], r"ChatbotDeployment/shop: spec\.knowledge\[0\]\.name: there is no KnowledgeIndex shop"),
    ],
    ids=["nothing to serve", "a ConfigMap that is not there", "an index that is not there"],
)
def test_what_does_not_fit_together_is_named(tmp_path: Path, objects: list[dict[str, object]], sentence: str) -> None:
    with pytest.raises(InputInvalid, match=sentence):
        plan(bundle(tmp_path, *objects), placement(tmp_path), SETTINGS)


def test_here_one_process_builds_whatever_the_number(tmp_path: Path) -> None:
    def document(**spec: Any) -> Index:
        (wanted,) = plan(bundle(tmp_path, index(**spec), config_map()), placement(tmp_path), SETTINGS).wanted
        (mount,) = (mount for mount in wanted.task.container.mounts if isinstance(mount, DocumentMount))
        assert wanted.task.parallelism == 1
        return Index.model_validate_json(mount.files["index.json"])

    assert document(ingestion={"parallelism": 8}) == document()
    assert document().shards is None


def test_a_key_of_the_people_is_named_where_conversations_are_handed_over(tmp_path: Path) -> None:
    objects = bundle(tmp_path, index(), chatbot("a"), chatbot("b", handoff={}), config_map())
    made = plan(objects, placement(tmp_path), SETTINGS)
    assert made.chatbots[0].desk_key_file is None
    assert (made.chatbots[1].desk_key_file or "").endswith("/b-gateway/desk-keys/key")
    named = chatbot("c", handoff={}, access={"deskKeysSecret": {"name": "people"}})
    objects = bundle(tmp_path, index(), named, config_map(), secret("people", anna="k"))
    made = plan(objects, placement(tmp_path), SETTINGS)
    assert (made.chatbots[0].desk_key_file or "").endswith("/c-gateway/desk-keys/anna")
