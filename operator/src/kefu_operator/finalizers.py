"""Finalizers on users' objects: put there by server-side apply beside those of others, and taken off by whoever's hand they came."""

from kefu_operator.desired.types import Object
from kefu_operator.resources import part_of


def holding(owner: Object, finalizer: str) -> Object:
    """What to apply."""
    part = part_of(owner)
    return {**part, "metadata": {**part["metadata"], "finalizers": [finalizer]}}


def letting_go(owner: Object, finalizer: str) -> list[Object]:
    """A JSON patch: an apply would leave it where another manager has it too, which a restored backup is enough for."""
    meta = owner["metadata"]
    place = f"/metadata/finalizers/{meta['finalizers'].index(finalizer)}"
    return [
        {"op": "test", "path": "/metadata/uid", "value": meta["uid"]},
        {"op": "test", "path": place, "value": finalizer},
        {"op": "remove", "path": place},
    ]
