"""What a namespace's ResourceQuotas let the pods of engines ask for. Pure.

A quota with scopes is for the pods that match all of them. Source: Kubernetes, "Resource Quotas", "Quota scopes".
"""

from collections.abc import Iterable

from kefu_operator.desired.types import Object

MATCHING = frozenset({"NotBestEffort", "NotTerminating"})
"""Scopes that the pods of every engine match: they have requests, and no deadline.

Others never count, so that nothing is refused that the quota itself would let in. Pods of ours name no PriorityClass, but which one the
cluster gives to such pods is not known here.
"""


def limits(quotas: Iterable[Object]) -> dict[str, int]:
    """The least that quotas let engines have of each extended resource: these are whole numbers, named with a slash."""
    found: dict[str, int] = {}
    for quota in quotas:
        if not _is_for_engines(quota["spec"]):
            continue
        for name, text in (quota["spec"].get("hard") or {}).items():
            resource = name.removeprefix("requests.")
            if name != resource and "/" in resource and str(text).isdigit():
                found[resource] = min(int(text), found.get(resource, int(text)))
    return found


def _is_for_engines(spec: Object) -> bool:
    selected = (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    return {*(spec.get("scopes") or ()), *(each["scopeName"] for each in selected)} <= MATCHING
