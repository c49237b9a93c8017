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
    listings = await asyncio.gather(*(client.list(resource, namespace, labels=labels) for resource in resources))
    return tuple(found for listing in listings for found in listing.items)


def find(objects: Iterable[Object], resource: Resource, name: str) -> Object | None:
    """The object of that kind and name."""
    return next((each for each in objects if each["kind"] == resource.kind and each["metadata"]["name"] == name), None)
