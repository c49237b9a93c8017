"""The operator's writes, read back from the API server as a list of work for another controller.

What a manager applied stands field by field in `metadata.managedFields`, so the list holds exactly what was sent, for every
kind that there is, without knowing any.
"""

from collections.abc import Iterable
from typing import Any

from kefu_operator.client.client import Client
from kefu_operator.naming import MANAGER
from kefu_operator.resources import ALL, CHATBOTS, Resource
from kefu_operator.settled import names_item, owned_fields
from tests.benchmarks.operator.audit import Child, Event, child_of

Object = dict[str, Any]
LABELS = f"app.kubernetes.io/managed-by={MANAGER}"
KEPT = ("name", "labels", "annotations", "ownerReferences", "finalizers")


async def work_list(client: Client, namespace: str, written: Iterable[Event]) -> tuple[Object, dict[Child, str]]:
    """The list, and the chatbot of each child; in the order in which the operator wrote.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    order = {child_of(event): place for place, event in enumerate(written)}
    known = {resource.plural: resource for resource in ALL}
    kinds = {plural: known[plural] for plural, _ in order}
    work: dict[str, Object] = {
        found["metadata"]["name"]: {"children": [], "status": found["status"]}
        for found in (await client.list(CHATBOTS, namespace)).items
    }
    owners: dict[Child, str] = {}
    for resource in kinds.values():
        for found in (await client.list(resource, namespace, labels=LABELS)).items:
            owner = _chatbot(found)
            if owner:
                owners[resource.plural, found["metadata"]["name"]] = owner
                work[owner]["children"].append(_item(resource, found))
    for each in work.values():
        each["children"].sort(key=lambda item: order.get((item["resource"], item["object"]["metadata"]["name"]), 0))
    return {"kinds": [_argument(kind) for kind in kinds.values()], "work": work}, owners


def applied(found: Object) -> Object | None:
    """What the operator applied of an object; None where it created it."""
    fields = owned_fields(found, MANAGER)
    if fields is None:
        return None
    part = _part(fields, found)
    meta = {"name": found["metadata"]["name"], **part.get("metadata", {})}
    return {"apiVersion": found["apiVersion"], "kind": found["kind"], **part, "metadata": meta}


def _part(fields: Object, live: Any) -> Any:
    named = {name: sub for name, sub in fields.items() if name != "."}
    if not named:
        return live
    if isinstance(live, dict):
        return {name[2:]: _part(sub, live[name[2:]]) for name, sub in named.items()}
    return [_part(sub, item) for item in live for name, sub in named.items() if names_item(name, item)]


def _item(resource: Resource, found: Object) -> Object:
    body = applied(found)
    if body is None:
        meta = {name: value for name, value in found["metadata"].items() if name in KEPT}
        body = {**{name: value for name, value in found.items() if name != "status"}, "metadata": meta}
        return {"resource": resource.plural, "create": True, "object": body}
    return {"resource": resource.plural, "create": False, "object": body}


def _chatbot(found: Object) -> str | None:
    owners = found["metadata"].get("ownerReferences", ())
    return next((str(owner["name"]) for owner in owners if owner["kind"] == CHATBOTS.kind), None)


def _argument(resource: Resource) -> str:
    group, _, version = resource.api_version.rpartition("/")
    return f"{resource.plural}.{version}.{group or 'core'}"
