"""Everything that we made for one owner, found by its label."""

import asyncio
from collections.abc import Iterable

from kefu_operator.client.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.resources import Resource


async def gather_owned(
    client: Client, namespace: str, labels: str, resources: Iterable[Resource]
) -> tuple[Object, ...]:
    """All objects of these kinds that carry the label.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    wanted = tuple(resources)
    known = {resource: client.copies.find(resource, namespace, labels) for resource in wanted}
    # Copies are at hand: to wait for each of them in a task of its own would cost more than they do.
    asked = [resource for resource in wanted if known[resource] is None]
    listings = await asyncio.gather(*(client.list(resource, namespace, labels=labels) for resource in asked))
    read = {resource: listing.items for resource, listing in zip(asked, listings, strict=True)}
    return tuple(found for resource in wanted for found in known[resource] or read.get(resource, ()))


def find(objects: Iterable[Object], resource: Resource, name: str) -> Object | None:
    """The object of that kind and name."""
    return next((each for each in objects if each["kind"] == resource.kind and each["metadata"]["name"] == name), None)
