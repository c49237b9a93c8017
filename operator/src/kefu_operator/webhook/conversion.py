"""Objects of one version as objects of another (`apiextensions.k8s.io/v1` ConversionReview). Pure.

A kind's versions stand in order, each with the two functions that lead to the next one and back. The API server asks for any pair of
them and stores one; what is read and written back must be what it was, so each pair of functions is each other's inverse.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from kefu_operator.desired.types import Object

Change = Callable[[Object], None]
"""Changes an object in place; it is a copy."""


@dataclass(frozen=True)
class Step:
    """From one version to the next one, and back."""

    older: str
    """apiVersion, such as kefu.dev/v1alpha1."""
    newer: str
    up: Change
    down: Change


Versions = Mapping[str, Sequence[Step]]
"""The steps of each kind, oldest first, each beginning where the one before it ends."""

SERVED: Versions = {}
"""What the webhook converts: nothing, as long as each kind has one version."""


class NoConversion(Exception):
    """There is no way between two versions of a kind; the text says so."""


def renaming(path: Sequence[str], name: str) -> tuple[Change, Change]:
    """Both directions of a field's new name.

    Args:
        path: of the field as the older version has it, from the object's root.
        name: in the newer version.
    """
    *parents, old = path
    return lambda found: _rename(found, parents, old, name), lambda found: _rename(found, parents, name, old)


def convert(found: Object, wanted: str, versions: Versions) -> Object:
    """The object in another version.

    Raises:
        NoConversion: the kind has no such versions.
    """
    steps = versions.get(found["kind"], ())
    order = [*(step.older for step in steps), *(step.newer for step in steps[-1:])]
    if found["apiVersion"] == wanted:
        return found
    if found["apiVersion"] not in order or wanted not in order:
        raise NoConversion(
            f"{found['kind']} cannot be converted from {found['apiVersion']} to {wanted}: install CRDs and webhook of one version"
        )
    here, there = order.index(found["apiVersion"]), order.index(wanted)
    made = deepcopy(found)
    for step in steps[here:there]:
        step.up(made)
    for step in reversed(steps[there:here]):
        step.down(made)
    return made | {"apiVersion": wanted}


def answer_conversion(review: Object, versions: Versions) -> Object:
    """The ConversionReview that answers another: all objects in their order, or a failure that says why."""
    asked = review["request"]
    try:
        converted = [convert(found, asked["desiredAPIVersion"], versions) for found in asked["objects"]]
    except NoConversion as error:
        result: Object = {"status": "Failure", "message": str(error)}
        return _response(review, {"convertedObjects": [], "result": result})
    return _response(review, {"convertedObjects": converted, "result": {"status": "Success"}})


def _response(review: Object, response: Object) -> Object:
    told = {"uid": review["request"]["uid"], **response}
    return {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": told}


def _rename(found: Object, parents: Sequence[str], old: str, new: str) -> None:
    for parent in parents:
        inner = found.get(parent)
        if not isinstance(inner, dict):
            return
        found = inner
    if old in found:
        found[new] = found.pop(old)
