"""References between the objects of one bundle: what an object names should be among the files, or in the cluster already."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kefu_api.source.document import Path
from kefu_api.validation.configuration import secret
from kefu_api.validation.finding import Finding, finding, name_of, namespace_of, text_at
from kefu_api.validation.objects import is_core, is_kefu

_OBJECTS = {"configMap": "ConfigMap"}
"""Field names that refer to an object of that kind; those ending in Secret refer to Secrets."""


def check_references(right: Iterable[Mapping[str, Any]], every: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Warnings for what the right documents name and what is not among them all.

    Wrong ones are left out: what stands there in place of a name may be a secret, and is not to be repeated.
    """
    present = {_key(document): document for document in every}
    return [found for document in right if is_kefu(document) for found in _check(document, present)]


def _key(document: Mapping[str, Any]) -> tuple[str, str, str]:
    return text_at(document, "kind"), namespace_of(document), name_of(document)


def _check(document: Mapping[str, Any], present: Mapping[Any, Mapping[str, Any]]) -> Iterator[Finding]:
    for path, kind, reference in _references(document.get("spec"), ("spec",)):
        name, key = reference.get("name"), reference.get("key")
        if not isinstance(name, str):
            continue
        there = present.get((kind, namespace_of(document), name))
        if there is None:
            message = f"{kind} {name} is not among these files: add it, unless it is in the cluster already"
            yield finding(document, (*path, "name"), message, "warning")
        elif isinstance(key, str) and is_core(there, "Secret") and key not in secret(there).values:
            yield finding(
                document, (*path, "key"), f"Secret {name} has no key {key}: add it or correct the name", "warning"
            )


def _references(value: Any, path: Path) -> Iterator[tuple[Path, str, Mapping[str, Any]]]:
    if isinstance(value, list | tuple):
        for position, item in enumerate(value):
            yield from _references(item, (*path, position))
    elif isinstance(value, Mapping):
        kind = _kind(path)
        if kind is not None:
            yield path, kind, value
        for name, item in value.items():
            yield from _references(item, (*path, name))


def _kind(path: Path) -> str | None:
    if len(path) > 1 and path[-2] == "knowledge":
        return "KnowledgeIndex"
    last = str(path[-1])
    return "Secret" if last.endswith("Secret") else _OBJECTS.get(last)
