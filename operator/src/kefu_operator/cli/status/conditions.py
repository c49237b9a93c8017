"""From the conditions of Kefu's objects to a tree whose failing leaf says what is wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from kefu_operator.cli.tree import Mark, Node
from kefu_operator.status.reasons import Reason

_WARNINGS = {"Stalled"}
"""Conditions that are good when they are False."""
_PHASES = {"Progressing"}
"""Conditions that are neither: True means that something is still on its way."""


def chatbot_node(chatbot: Mapping[str, Any], indexes: Mapping[str, Mapping[str, Any]]) -> Node:
    """A chatbot, its conditions, and below KnowledgeReady the indexes that it names."""
    status = chatbot.get("status") or {}
    parts = []
    for condition in _conditions(status):
        node = _condition(condition)
        if condition["type"] == "KnowledgeReady":
            node = Node(node.mark, node.title, node.note, _knowledge(chatbot, indexes))
        parts.append(node)
    facts = (status.get("release"), status.get("url"))
    return _object("ChatbotDeployment", chatbot, facts, parts)


def index_node(index: Mapping[str, Any]) -> Node:
    """An index and its conditions."""
    published = (index.get("status") or {}).get("published") or {}
    facts = (published.get("version"), f"{published['documents']} documents" if published else None)
    return _object(
        "KnowledgeIndex", index, facts, [_condition(found) for found in _conditions(index.get("status") or {})]
    )


def _knowledge(chatbot: Mapping[str, Any], indexes: Mapping[str, Mapping[str, Any]]) -> tuple[Node, ...]:
    names = [reference["name"] for reference in chatbot["spec"]["knowledge"]]
    return tuple(
        index_node(indexes[name]) if name in indexes else Node(Mark.BAD, f"KnowledgeIndex/{name}", "does not exist")
        for name in names
    )


def _object(kind: str, found: Mapping[str, Any], facts: Sequence[str | None], parts: Sequence[Node]) -> Node:
    title = f"{kind}/{found['metadata']['name']}"
    ready = next(
        (entry for entry in (found.get("status") or {}).get("conditions", ()) if entry["type"] == "Ready"), None
    )
    if ready is None:
        return Node(Mark.WAITING, title, "the operator has not looked at it yet: is it running?")
    if ready["status"] == "True":
        return Node(Mark.GOOD, title, "  ".join(fact for fact in facts if fact), tuple(parts))
    return Node(_condition(ready).mark, title, _words(ready), tuple(parts))


def _conditions(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [condition for condition in status.get("conditions", ()) if condition["type"] != "Ready"]


def _condition(condition: Mapping[str, Any]) -> Node:
    kind, holds = condition["type"], condition["status"]
    if kind in _WARNINGS:
        mark = Mark.BAD if holds == "True" else Mark.GOOD
    elif kind in _PHASES:
        mark = Mark.WAITING if holds == "True" else Mark.GOOD
    else:
        mark = {"True": Mark.GOOD, "False": Mark.BAD}.get(holds, Mark.WAITING)
    told = mark is not Mark.GOOD or (holds == "True" and condition.get("reason") == Reason.DEGRADED)
    return Node(mark, kind, _words(condition) if told else "")


def _words(condition: Mapping[str, Any]) -> str:
    return ": ".join(word for word in (condition.get("reason"), condition.get("message")) if word)
