"""Who is woken by what."""

from typing import Any

from kefu_operator.informers.engines import engine_index
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.queue import Key
from kefu_operator.relations import Relations


def chatbot(name: str, generation: int = 1, knowledge: str = "shop", parallel: int = 2) -> dict[str, Any]:
    return {
        "apiVersion": "kefu.dev/v1alpha1",
        "kind": "ChatbotDeployment",
        "metadata": {"name": name, "namespace": "acme", "uid": name, "generation": generation},
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


def names(keys: list[Key]) -> set[str]:
    return {f"{key.kind}/{key.name}" for key in keys if key.kind != "Engine"}


def engines(keys: list[Key]) -> set[str]:
    return {key.name for key in keys if key.kind == "Engine"}


def test_a_new_chatbot_wakes_its_engine_then_itself_and_those_that_share() -> None:
    relations = Relations(engine_index(PlanSettings()))
    relations.chatbot_seen(chatbot("a"))
    found = relations.chatbot_seen(chatbot("b"))
    assert [key.kind for key in found] == ["Engine", "ChatbotDeployment", "ChatbotDeployment"]
    assert [key.name for key in found[1:]] == ["b", "a"]


def test_a_change_of_status_alone_does_not_wake_the_engine() -> None:
    relations = Relations(engine_index(PlanSettings()))
    relations.chatbot_seen(chatbot("a"))
    assert relations.chatbot_seen(chatbot("a")) == [Key("ChatbotDeployment", "acme", "a")]
    assert len(engines(relations.chatbot_seen(chatbot("a", generation=2)))) == 1


def test_what_is_told_of_releases_wakes_the_engines_but_the_first_word_does_not() -> None:
    relations = Relations(engine_index(PlanSettings()))
    (own,) = engines(relations.chatbot_seen(chatbot("a")))

    def told(engine: str, **releases: object) -> set[str]:
        status = {"engine": {"name": engine}, "releases": releases}
        return engines(relations.chatbot_seen(chatbot("a") | {"status": status}))

    assert told(own, stable="r1") == set()
    assert told(own, stable="r1", candidate="r2", weight=0, candidateReplicas=1) == {own}
    assert told(own, stable="r1", candidate="r2", weight=0, candidateReplicas=1, measured="now") == set()
    assert told(own, stable="r1", candidate="r2", weight=25, candidateReplicas=2) == {own}
    assert told("engine-new", stable="r2") == {own, "engine-new"}


def test_another_engine_wakes_the_one_before_and_its_sharers_too() -> None:
    relations = Relations(engine_index(PlanSettings()))
    relations.chatbot_seen(chatbot("a"))
    relations.chatbot_seen(chatbot("b"))
    found = relations.chatbot_seen(chatbot("a", generation=2, parallel=4))
    assert len(engines(found)) == 2
    assert names(found) == {"ChatbotDeployment/a", "ChatbotDeployment/b"}
    again = relations.chatbot_seen(chatbot("b", generation=2))
    assert names(again) == {"ChatbotDeployment/b"}


def test_a_chatbot_that_goes_wakes_its_engine() -> None:
    relations = Relations(engine_index(PlanSettings()))
    relations.chatbot_seen(chatbot("a"))
    assert len(engines(relations.chatbot_gone(chatbot("a")))) == 1
    assert relations.everything() == []


def test_what_we_wrote_wakes_others_and_not_its_own_reconcile() -> None:
    relations = Relations(engine_index(PlanSettings()))
    relations.chatbot_seen(chatbot("a"))
    relations.index_seen(index())
    engine = next(iter(engines(relations.everything())))

    def child(**labels: str) -> dict[str, Any]:
        meta = {"name": "x", "namespace": "acme", "labels": {f"kefu.dev/{name}": text for name, text in labels.items()}}
        return {"kind": "Deployment", "metadata": meta}

    assert relations.written(chatbot("a")) == []
    assert relations.written(child(**{"owned-by": "ChatbotDeployment.a"})) == []
    assert relations.written(child(engine=engine)) == [Key("ChatbotDeployment", "acme", "a")]
    # What an index decides depends on what stands of it, so it looks again.
    assert relations.written(child(**{"owned-by": "KnowledgeIndex.shop"})) == [Key("KnowledgeIndex", "acme", "shop")]
    assert relations.written(index("True") | {"kind": "KnowledgeIndex"}) == [Key("ChatbotDeployment", "acme", "a")]


def test_an_index_wakes_the_chatbots_that_name_it_only_when_what_they_tell_changes() -> None:
    relations = Relations(engine_index(PlanSettings()))
    relations.chatbot_seen(chatbot("a"))
    relations.chatbot_seen(chatbot("b", knowledge="other"))
    assert names(relations.index_seen(index())) == {"KnowledgeIndex/shop", "ChatbotDeployment/a"}
    assert names(relations.index_seen(index())) == {"KnowledgeIndex/shop"}
    assert names(relations.index_seen(index("True"))) == {"KnowledgeIndex/shop", "ChatbotDeployment/a"}
    assert names(relations.index_gone(index())) == {"KnowledgeIndex/shop", "ChatbotDeployment/a"}


def test_a_config_map_wakes_the_indexes_that_it_is_a_source_of() -> None:
    relations = Relations(engine_index(PlanSettings()))
    relations.index_seen(index())

    def config_map(namespace: str, name: str) -> dict[str, Any]:
        return {"metadata": {"namespace": namespace, "name": name}}

    assert names(relations.config_map_seen(config_map("acme", "faq"))) == {"KnowledgeIndex/shop"}
    assert relations.config_map_seen(config_map("acme", "unrelated")) == []
    assert relations.config_map_seen(config_map("elsewhere", "faq")) == []
    relations.index_seen(index(config_map="other"))
    assert relations.config_map_seen(config_map("acme", "faq")) == []


def test_a_child_wakes_its_owner_and_an_engines_child_all_that_share_it() -> None:
    relations = Relations(engine_index(PlanSettings()))
    relations.chatbot_seen(chatbot("a"))
    engine = next(iter(engines(relations.everything())))
    labelled = {"metadata": {"name": "x", "namespace": "acme", "labels": {"kefu.dev/owned-by": "ChatbotDeployment.a"}}}
    assert relations.child_seen(labelled) == [Key("ChatbotDeployment", "acme", "a")]
    shared = {"metadata": {"name": "x", "namespace": "acme", "labels": {"kefu.dev/engine": engine}}}
    assert relations.child_seen(shared) == [Key("Engine", "acme", engine), Key("ChatbotDeployment", "acme", "a")]
    foreign = {"metadata": {"name": "x", "namespace": "acme", "labels": {"kefu.dev/owned-by": "Pod.a"}}}
    assert relations.child_seen(foreign) == []


def test_a_spec_that_cannot_be_read_wakes_its_own_reconcile_only_without_a_crash() -> None:
    relations = Relations(engine_index(PlanSettings()))
    broken = chatbot("a") | {"spec": {"nope": 1}}
    assert Key("ChatbotDeployment", "acme", "a") in relations.chatbot_seen(broken)


def test_a_chatbot_is_behind_its_engine_and_an_engine_behind_nothing() -> None:
    relations = Relations(engine_index(PlanSettings()))
    engine, own = relations.chatbot_seen(chatbot("a"))
    assert relations.behind(own) == [engine]
    assert relations.behind(engine) == []
    assert relations.behind(Key("ChatbotDeployment", "acme", "unknown")) == []
