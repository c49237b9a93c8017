"""Does a live object already hold what we would apply? Then nothing is written.

Server-side apply leaves in `metadata.managedFields` the exact set of fields that we own, in the API server's own
understanding of lists and maps. So no hash and no annotation of ours is needed: an apply would change nothing if and only
if (1) the fields that we own are those that we would apply, and (2) each of them has our value.

The format is `FieldsV1` of k8s.io/apimachinery/pkg/apis/meta/v1: `f:NAME` a field, `k:{keys}` an item of a keyed list,
`v:VALUE` an item of a set, `.` the item itself; an empty object is a field owned whole.
"""

import json
from collections.abc import Iterable
from typing import Any

from kefu_api.kinds.types import amount
from kefu_operator.desired.types import Object


def is_settled(live: Object, desired: Object, manager: str) -> bool:
    """Whether applying `desired` as `manager` would leave `live` as it is."""
    fields = owned_fields(live, manager)
    content = _content(desired)
    return fields is not None and _same_fields(fields, content) and _holds(fields, content, live)


def is_settled_at(live: Object, desired: Object, manager: str, path: Iterable[str]) -> bool:
    """The same of the part of the objects at a path of fields."""
    fields = owned_fields(live, manager)
    for name in path:
        if fields is None or f"f:{name}" not in fields:
            return False
        fields, live, desired = fields[f"f:{name}"], live[name], desired[name]
    return fields is not None and _same_fields(fields, desired) and _holds(fields, desired, live)


def holds(live: Object, desired: Object) -> bool:
    """Whether every field of `desired` has its value in `live`, whoever owns it; lists must be of equal length."""
    return _holds({}, _content(desired), live)


def owned_fields(live: Object, manager: str) -> Object | None:
    """The fields that `manager` applied to the object (not to a subresource); None where it never did."""
    for entry in live["metadata"].get("managedFields", ()):
        ours = entry["manager"] == manager and entry["operation"] == "Apply" and not entry.get("subresource")
        if ours:
            fields: Object = entry.get("fieldsV1", {})
            return fields
    return None


def owns(live: Object, manager: str, entries: Iterable[str]) -> bool:
    """Whether `manager` applied the field at a path of entries as managedFields writes them, and nobody has changed it since."""
    fields = owned_fields(live, manager)
    if not fields:
        return False
    for entry in entries:
        if not fields:
            return True  # of a field that is owned whole
        if entry not in fields:
            return False
        fields = fields[entry]
    return True


def leftover(live: Object, manager: str) -> int | None:
    """Where managedFields says that `manager` wrote the object by other means than apply; None where it does not.

    Such an entry would keep a field for ever that `manager` stops to apply.
    """
    entries = live["metadata"].get("managedFields", ())
    found = (
        place
        for place, entry in enumerate(entries)
        if entry["manager"] == manager and entry["operation"] == "Update" and not entry.get("subresource")
    )
    return next(found, None)


def _content(desired: Object) -> Object:
    """What managedFields speaks of: not the object's identity."""
    meta = {name: value for name, value in desired["metadata"].items() if name not in ("name", "namespace")}
    rest = {name: value for name, value in desired.items() if name not in ("apiVersion", "kind", "metadata")}
    return {**rest, "metadata": meta} if meta else rest


def _same_fields(fields: Object, desired: Any) -> bool:
    """Whether the trie of owned fields and the desired value name the same fields."""
    if not fields:
        return True
    if isinstance(desired, dict):
        known = {f"f:{name}" for name in desired}
        named = {name for name in fields if name != "."}
        return known == named and all(_same_fields(fields[f"f:{name}"], value) for name, value in desired.items())
    if isinstance(desired, list):
        items = {name: sub for name, sub in fields.items() if name != "."}
        paired = [_entry(items, item) for item in desired]
        return (
            None not in paired
            and len(set(paired)) == len(items)
            and all(_same_fields(items[name], item) for name, item in zip(paired, desired, strict=True) if name)
        )
    return True


def _entry(items: Object, item: Any) -> str | None:
    """The name that a list's item has among the owned fields."""
    return next((name for name in items if names_item(name, item)), None)


def names_item(entry: str, item: Any) -> bool:
    """Whether an entry of owned fields (`k:…`, `v:…`) is about this item of a list."""
    kind, _, text = entry.partition(":")
    value = json.loads(text)
    if kind == "v":
        return bool(value == item)
    # Keys that we leave out are those that the API server has defaults for.
    return isinstance(item, dict) and all(item.get(name, key) == key for name, key in value.items())


def _holds(fields: Object, desired: Any, live: Any, *, quantity: bool = False) -> bool:
    """Whether every field that we would apply has our value; what others added does not matter."""
    if isinstance(desired, dict):
        return isinstance(live, dict) and all(
            name in live
            and _holds(
                fields.get(f"f:{name}", {}),
                value,
                live[name],
                quantity=quantity or name in ("resources", "sizeLimit"),
            )
            for name, value in desired.items()
        )
    if isinstance(desired, list):
        return isinstance(live, list) and _list_holds(fields, desired, live, quantity=quantity)
    return bool(desired == live) or (quantity and _same_amount(desired, live))


def _list_holds(fields: Object, desired: list[Any], live: list[Any], *, quantity: bool) -> bool:
    keyed = {name: sub for name, sub in fields.items() if name != "."}
    if not keyed:
        return len(desired) == len(live) and all(
            _holds({}, ours, theirs, quantity=quantity) for ours, theirs in zip(desired, live, strict=True)
        )
    for item in desired:
        name = _entry(keyed, item)
        if name is None or not any(
            names_item(name, found) and _holds(keyed[name], item, found, quantity=quantity) for found in live
        ):
            return False
    return True


def _same_amount(desired: Any, live: Any) -> bool:
    """The API server writes quantities in its own way: `1000m` becomes `1`."""
    try:
        return amount(str(desired)) == amount(str(live))
    except ValueError:
        return False
