"""Objects as the API server would have them once they were applied: with its record of the fields that we own."""

import copy
import json
from typing import Any

from kefu_operator import naming

Object = dict[str, Any]

KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "port", "protocol"),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
"""Lists of a pod that are merged item by item, and by what; other lists are owned whole."""


def applied(desired: Object) -> Object:
    """The object after an apply to an API server that knew nothing of it."""
    found = copy.deepcopy(desired)
    content = {name: value for name, value in found.items() if name not in ("apiVersion", "kind")}
    content["metadata"] = {
        name: value for name, value in found["metadata"].items() if name not in ("name", "namespace")
    }
    entry = {"manager": naming.MANAGER, "operation": "Apply", "fieldsV1": _fields("", content)}
    found["metadata"]["managedFields"] = [entry]
    return found


def taken(found: Object, *entries: str) -> Object:
    """The object after somebody else has changed the field at these entries."""
    place: Object = found["metadata"]["managedFields"][0]["fieldsV1"]
    for entry in entries[:-1]:
        place = place[entry]
    del place[entries[-1]]
    return found


def _fields(name: str, value: Any) -> Object:
    if isinstance(value, dict):
        return {f"f:{key}": _fields(key, part) for key, part in value.items()}
    if isinstance(value, list) and name in KEYS:
        return {f"k:{_key(name, item)}": {".": {}, **_fields("", item)} for item in value}
    return {}


def _key(name: str, item: Object) -> str:
    return json.dumps({key: item[key] for key in KEYS[name] if key in item}, separators=(",", ":"))
