"""What a field wants, in words: made from the same schema that the API server holds."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from kefu_api.crd.definition import DEFINITIONS
from kefu_api.kinds.meta import Metadata
from kefu_api.kinds.shape import RULES
from kefu_api.source.document import Path

Node = Mapping[str, Any]

_WRITTEN = ("name", "namespace", "labels", "annotations")
"""Fields of `metadata` that users write."""


@cache
def schema(kind: str) -> Node:
    """The schema of a kind, with `metadata` as far as Kefu reads it."""
    definition = next(definition for definition in DEFINITIONS if definition.kind == kind)
    whole = definition.schema()
    metadata = Metadata.model_json_schema(by_alias=True)
    written = {name: node for name, node in metadata["properties"].items() if name in _WRITTEN}
    known = {"type": "object", "properties": written}
    return {**whole, "properties": {**whole["properties"], "metadata": known}}


def node_at(kind: str, path: Path) -> Node:
    """The schema of the field at a path; empty where the schema knows no such field."""
    node: Node = schema(kind)
    for step in path:
        node = node.get("items", {}) if isinstance(step, int) else node.get("properties", {}).get(step, {})
    return node


def expectation(node: Node) -> str:
    """Completes "the field …": "must be an integer between 1 and 100". Empty where the schema says nothing."""
    if "enum" in node:
        return f"must be one of {', '.join(node['enum'])}"
    match node.get("type"):
        case "object":
            fields = list(node.get("properties", ()))
            return f"must be an object with {_some(fields)}" if fields else "must be an object: write {}"
        case "array":
            return f"must be a list of {_between(node, 'Items', 'entries')}"
        case "integer":
            return f"must be an integer {_limits(node)}".rstrip()
    for rule in node.get(RULES, ()):
        return str(rule["message"])
    if node.get("type") == "string":
        return f"must be a string of {_between(node, 'Length', 'characters')}"
    return ""


def _some(fields: list[str], most: int = 12) -> str:
    return ", ".join(fields[:most]) + (", …" if len(fields) > most else "")


def _limits(node: Node) -> str:
    if "maximum" in node:
        return f"between {node['minimum']} and {node['maximum']}"
    return f"of at least {node['minimum']}" if "minimum" in node else ""


def _between(node: Node, what: str, unit: str) -> str:
    low, high = node.get(f"min{what}", 0), node.get(f"max{what}")
    if high is None:
        return f"at least {low} {unit}" if low else unit
    return f"{low} to {high} {unit}" if low else f"at most {high} {unit}"
