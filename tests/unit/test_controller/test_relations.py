"""Who is woken by what."""

from typing import Any

from kefu_operator.queue import Key
from kefu_operator.relations import Relations


def chatbot(name: str, generation: int = 1, knowledge: str = "shop", parallel: int = 2) -> dict[str, Any]:
    return {
        "apiVersion": "kefu.dev/v1alpha1",
        "kind": "ChatbotDeployment",
        "metadata": {"name": name, "namespace": "acme", "generation": generation},
        "spec": {
            "model": {"uri": "https://x/m.gguf"},
            "engine": {"llamaCpp": {"parallel": parallel}},
            "knowledge": [{"name": knowledge}],
        },
    }


def index(ready: str = "False", config_map: str = "faq") -> dict[str, Any]:
    return {
        "metadata": {"name": "shop", "namespace": "acme", "uid": "u"},
        "spec": {"sources": [{"name": "a", "configMap": {"name": config_map}}, {"name": "b", "inline": "x"}]},
        "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "R"}]},
    }


ENGINES = Key("Engines", "acme", "")


def names(keys: list[Key]) -> set[str]:
    return {f"{key.kind}/{key.name}" for key in keys}


def test_a_new_chatbot_wakes_itself_the_engines_and_those_that_share() -> None:
    relations = Relations()
    relations.chatbot_seen(chatbot("a"), gone=False)
    found = relations.chatbot_seen(chatbot("b"), gone=False)
    assert names(found) == {"ChatbotDeployment/a", "ChatbotDeployment/b", "Engines/"}


def test_a_change_of_status_alone_does_not_wake_the_engines() -> None:
    relations = Relations()
    relations.chatbot_seen(chatbot("a"), gone=False)
    assert names(relations.chatbot_seen(chatbot("a"), gone=False)) == {"ChatbotDeployment/a"}
    assert ENGINES in relations.chatbot_seen(chatbot("a", generation=2), gone=False)


def test_a_chatbot_that_goes_wakes_the_engines() -> None:
    relations = Relations()
    relations.chatbot_seen(chatbot("a"), gone=False)
    assert ENGINES in relations.chatbot_seen(chatbot("a"), gone=True)
    assert relations.everything() == []


def test_an_index_wakes_the_chatbots_that_name_it_only_when_what_they_tell_changes() -> None:
    relations = Relations()
    relations.chatbot_seen(chatbot("a"), gone=False)
    relations.chatbot_seen(chatbot("b", knowledge="other"), gone=False)
    assert names(relations.index_seen(index(), gone=False)) == {"KnowledgeIndex/shop", "ChatbotDeployment/a"}
    assert names(relations.index_seen(index(), gone=False)) == {"KnowledgeIndex/shop"}
    assert names(relations.index_seen(index("True"), gone=False)) == {"KnowledgeIndex/shop", "ChatbotDeployment/a"}
    assert names(relations.index_seen(index(), gone=True)) == {"KnowledgeIndex/shop", "ChatbotDeployment/a"}


def test_a_config_map_wakes_the_indexes_that_it_is_a_source_of() -> None:
    relations = Relations()
    relations.index_seen(index(), gone=False)
    assert names(relations.config_map_seen("acme", "faq")) == {"KnowledgeIndex/shop"}
    assert relations.config_map_seen("acme", "unrelated") == []
    assert relations.config_map_seen("elsewhere", "faq") == []


def test_a_child_wakes_its_owner_and_an_engines_child_all_that_share_it() -> None:
    relations = Relations()
    relations.chatbot_seen(chatbot("a"), gone=False)
    engine = next(iter(relations._chatbots.values())).engine
    labelled = {"metadata": {"name": "x", "namespace": "acme", "labels": {"kefu.dev/owned-by": "ChatbotDeployment.a"}}}
    assert relations.child_seen(labelled) == [Key("ChatbotDeployment", "acme", "a")]
    shared = {"metadata": {"name": "x", "namespace": "acme", "labels": {"kefu.dev/engine": engine}}}
    assert names(relations.child_seen(shared)) == {"Engines/", "ChatbotDeployment/a"}
    foreign = {"metadata": {"name": "x", "namespace": "acme", "labels": {"kefu.dev/owned-by": "Pod.a"}}}
    assert relations.child_seen(foreign) == []


def test_a_spec_that_cannot_be_read_wakes_its_own_reconcile_only_without_a_crash() -> None:
    relations = Relations()
    broken = chatbot("a") | {"spec": {"nope": 1}}
    assert Key("ChatbotDeployment", "acme", "a") in relations.chatbot_seen(broken, gone=False)
