"""Reading the corpus: files to cases."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kefu_api.source import parse

FOLDER = Path(__file__).parent
SHORT_FORMS: dict[str, dict[str, Any]] = {
    "KnowledgeIndex": {
        "apiVersion": "kefu.dev/v1alpha1",
        "kind": "KnowledgeIndex",
        "metadata": {"name": "shop"},
        "spec": {"sources": [{"name": "faq", "format": "FAQ", "configMap": {"name": "shop-faq"}}]},
    },
    "ChatbotDeployment": {
        "apiVersion": "kefu.dev/v1alpha1",
        "kind": "ChatbotDeployment",
        "metadata": {"name": "shop"},
        "spec": {"model": {"uri": "hf://Qwen/Qwen3-8B"}, "knowledge": [{"name": "shop"}]},
    },
}
"""As the design gives them: complete production defaults."""


@dataclass(frozen=True)
class Case:
    """One object and its verdict."""

    id: str
    kind: str
    """The kind that it is judged as, whatever it says itself."""
    object: dict[str, Any]
    valid: bool
    field: str = ""
    says: str = ""
    server: str = ""
    names: str = ""
    """What the API server calls the field; by default its last part."""
    applied: bool = True
    """Whether server-side apply takes it; but for known quirks of the API server, as valid as the case is."""


def cases(valid: bool | None = None) -> list[Case]:
    """All cases, or those with that verdict, in the order of the files."""
    every = [case for file in sorted(FOLDER.glob("*/*.yaml")) for case in _read(file)]
    return [case for case in every if valid is None or case.valid == valid]


def _read(file: Path) -> list[Case]:
    [document] = parse(file.read_text(encoding="utf-8"), str(file))
    found = []
    for verdict in ("valid", "invalid"):
        for sentence, case in document.get(verdict, {}).items():
            unknown = set(case) - {"set", "remove", "field", "says", "server", "names", "applied"}
            if unknown or (verdict == "invalid") != ("field" in case):
                raise ValueError(f"{file}: {sentence}: wrong keys {sorted(case)}")
            found.append(
                _case(f"{file.parent.name}/{file.stem}: {sentence}", document["kind"], verdict == "valid", case)
            )
    return found


def _case(identity: str, kind: str, valid: bool, case: Mapping[str, Any]) -> Case:
    changed: dict[str, Any] = copy.deepcopy(SHORT_FORMS[kind])
    for path in case.get("remove", ()):
        parent, last = _parent(changed, path)
        del parent[last]
    for path, value in case.get("set", {}).items():
        parent, last = _parent(changed, path)
        if isinstance(parent, list) and last == len(parent):
            parent.append(None)
        parent[last] = _expanded(value)
    field, says = case.get("field", ""), case.get("says", "")
    names = case.get("names", field.split(".")[-1])
    return Case(
        identity, kind, changed, valid, field, says, case.get("server", says), names, case.get("applied", valid)
    )


def _parent(value: Any, path: str) -> tuple[Any, Any]:
    steps = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps[:-1]:
        value = value.setdefault(step, {}) if isinstance(value, dict) else value[step]
    return value, steps[-1]


def _expanded(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"repeat", "times"}:
        return value["repeat"] * value["times"]
    if isinstance(value, dict) and set(value) == {"entries", "times"}:
        return [json.loads(json.dumps(value["entries"]).replace("#", str(number))) for number in range(value["times"])]
    if isinstance(value, dict) and set(value) == {"float"}:
        return float(value["float"])
    if isinstance(value, dict):
        return {key: _expanded(item) for key, item in value.items()}
    return [_expanded(item) for item in value] if isinstance(value, list) else value
