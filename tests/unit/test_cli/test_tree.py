from pathlib import Path
from typing import Any

import pytest

from kefu_operator.cli.status.conditions import chatbot_node, index_node
from kefu_operator.cli.status.local import nodes
from kefu_operator.cli.tree import Mark, Node, lines
from kefu_operator.local.instance import Instance


def condition(kind: str, status: str, reason: str = "R", message: str = "") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def chatbot(*conditions: dict[str, str]) -> dict[str, Any]:
    return {
        "metadata": {"name": "shop"},
        "spec": {"knowledge": [{"name": "shop"}]},
        "status": {"conditions": list(conditions), "release": "r-1", "url": "http://shop-gateway.acme.svc"},
    }


def text(*roots: Node) -> str:
    return "\n".join(line for _, line in lines(roots))


def test_a_ready_chatbot_is_green_to_its_leaves() -> None:
    index = {"metadata": {"name": "shop"}, "status": {"conditions": [condition("Ready", "True")]}}
    node = chatbot_node(
        chatbot(
            condition("Ready", "True"),
            condition("KnowledgeReady", "True"),
            condition("Progressing", "False"),
            condition("Stalled", "False"),
        ),
        {"shop": index},
    )
    assert node.worst is Mark.GOOD
    assert text(node) == (
        "✔ ChatbotDeployment/shop  r-1  http://shop-gateway.acme.svc\n"
        "├── ✔ KnowledgeReady\n"
        "│   └── ✔ KnowledgeIndex/shop\n"
        "├── ✔ Progressing\n"
        "└── ✔ Stalled"
    )


def test_the_failing_leaf_says_what_is_wrong() -> None:
    failing = condition("EngineReady", "False", "ImagePullBackOff", "pod engine-1: image x cannot be pulled")
    node = chatbot_node(chatbot(condition("Ready", "False", "ImagePullBackOff", "engine"), failing), {})
    assert node.worst is Mark.BAD
    assert "└── ✘ EngineReady  ImagePullBackOff: pod engine-1: image x cannot be pulled" in text(node)


def test_what_answers_with_less_is_green_and_says_so_once() -> None:
    less = [condition(kind, status, "Degraded", "1/5 pods") for kind, status in
            (("Ready", "True"), ("EngineReady", "True"), ("Progressing", "False"), ("Stalled", "False"))]  # fmt: skip
    node = chatbot_node(chatbot(*less), {})
    assert node.worst is Mark.GOOD
    assert "├── ✔ EngineReady  Degraded: 1/5 pods\n├── ✔ Progressing\n└── ✔ Stalled" in text(node)


def test_an_index_that_does_not_exist_is_named_below_the_knowledge() -> None:
    node = chatbot_node(chatbot(condition("Ready", "False"), condition("KnowledgeReady", "False", "IndexNotFound")), {})
    assert "    └── ✘ KnowledgeIndex/shop  does not exist" in text(node)


@pytest.mark.parametrize(
    ("found", "mark"),
    [
        (condition("Stalled", "True"), Mark.BAD),
        (condition("Progressing", "True"), Mark.WAITING),
        (condition("EngineReady", "Unknown"), Mark.WAITING),
        (condition("EngineReady", "True"), Mark.GOOD),
    ],
)
def test_each_condition_has_its_own_good_side(found: dict[str, str], mark: Mark) -> None:
    node = chatbot_node(chatbot(condition("Ready", "True"), found), {})
    assert node.parts[0].mark is mark


def test_an_object_that_nobody_looked_at_waits() -> None:
    node = index_node({"metadata": {"name": "shop"}})
    assert node.mark is Mark.WAITING
    assert "is it running?" in text(node)


def instance(**workload: Any) -> Instance:
    known = {"name": "shop-gateway", "component": "gateway", "phase": "ready", "detail": "", "pid": 7, "restarts": 0}
    published = {"version": "v1", "documents": 2, "chunks": 5}
    index = {"name": "shop", "published": published, "wanted": "v1", "problem": ""}
    bot = {"name": "shop", "url": "http://127.0.0.1:1", "release": "r-1"}
    return Instance(
        Path(".kefu/shop"), {"pid": 1, "chatbots": [bot], "indexes": [index], "workloads": [known | workload]}
    )


def test_a_local_instance_is_a_tree_too() -> None:
    (root,) = nodes(instance())
    assert root.worst is Mark.GOOD
    assert "✔ KnowledgeIndex/shop  v1, 2 documents, 5 chunks" in text(root)
    assert "✔ shop-gateway  ready (process 7)" in text(root)


def test_a_local_process_that_restarts_shows_why() -> None:
    (root,) = nodes(instance(phase="restarting", pid=None, restarts=3, detail="ended with exit code 1: no release"))
    assert root.mark is Mark.BAD
    assert "✘ shop-gateway  restarting, 3 restarts: ended with exit code 1: no release" in text(root)
