"""One object judged alone, by its kind."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from kefu_api import API_VERSION, GROUP
from kefu_api.crd.definition import DEFINITIONS
from kefu_api.validation.configuration import config_map, secret
from kefu_api.validation.finding import Finding, finding
from kefu_api.validation.wording import closest, sentences

MODELS = {definition.kind: definition.model for definition in DEFINITIONS}
_MISSPELT = 3
"""By how many letters a foreign kind may be longer or shorter than one of ours and still be taken for it."""

CORE = {"ConfigMap": config_map, "Secret": secret}


def check_object(document: Mapping[str, Any]) -> list[Finding]:
    """Everything that is wrong with one object, whatever its kind."""
    missing = [
        finding(document, (field,), f"is required; it must be {wanted}")
        for field, wanted in (("apiVersion", f"text such as {API_VERSION}"), ("kind", f"text such as {_kinds()}"))
        if not isinstance(document.get(field), str) or not document[field]
    ]
    if missing:
        return missing
    kind, version = document["kind"], document["apiVersion"]
    if kind in MODELS:
        return check_kind(document, kind)
    if version.split("/")[0] == GROUP:
        return [_unknown_kind(document, kind)]
    if version == "v1" and kind in CORE:
        return CORE[kind](document).findings
    return [_foreign(document, kind, version)]


def check_kind(document: Mapping[str, Any], kind: str) -> list[Finding]:
    """Everything that is wrong with an object that should be of that kind of Kefu's."""
    try:
        MODELS[kind].model_validate(dict(document))
    except ValidationError as error:
        return [finding(document, path, message) for path, message in sentences(kind, error)]
    return []


def is_kefu(document: Mapping[str, Any]) -> bool:
    """Whether the object is of a kind of Kefu's."""
    return document.get("apiVersion") == API_VERSION and document.get("kind") in MODELS


def is_core(document: Mapping[str, Any], kind: str) -> bool:
    """Whether the object is a ConfigMap or Secret, as `kind` says."""
    return document.get("apiVersion") == "v1" and document.get("kind") == kind


def _unknown_kind(document: Mapping[str, Any], kind: str) -> Finding:
    meant = closest(kind, list(MODELS))
    hint = f"; did you mean {meant}?" if meant else ""
    return finding(document, ("kind",), f'must be {_kinds()}, got "{_word(kind)}"{hint}')


def _foreign(document: Mapping[str, Any], kind: str, version: str) -> Finding:
    meant = closest(kind, list(MODELS), cutoff=0.85)
    if meant and abs(len(meant) - len(kind)) <= _MISSPELT:
        return finding(document, ("kind",), f'must be {meant} with apiVersion {API_VERSION}, got "{_word(kind)}"')
    thing = f"{_word(kind)} of {_word(version)}"
    return finding(document, (), f"{thing} is not read by Kefu and was not checked: apply it with kubectl", "warning")


def _kinds() -> str:
    return " or ".join(MODELS)


def _word(text: str) -> str:
    return re.sub(r"[^ -~]", "?", text)[:60]
