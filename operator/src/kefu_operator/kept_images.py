"""A new version of Kefu alone replaces no pod of an engine: its steps and companions keep the image that they run.

They run the operator's own image, and a pod that is replaced loads its model for minutes. So where a pod template would differ in that
image alone, it stays; where anything else of it changes, such as an argument that the new version gives, all is new. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy

from kefu_operator import naming
from kefu_operator.desired.metadata import identity
from kefu_operator.desired.types import Object
from kefu_operator.pod_templates import Path, containers, places, pod_spec
from kefu_operator.settled import is_settled_at


def with_kept_images(desired: Sequence[Object], live: Iterable[Object], image: str) -> list[Object]:
    """The objects of one engine, whose steps and companions keep their image where nothing else of their templates changes.

    The pods of a group talk to one another, so all of an engine's templates keep one image, or none does.

    Args:
        desired: with today's image.
        live: what stands of the engine.
        image: today's, of steps and companions.
    """
    standing = {identity(each): each for each in live}
    pairs = [(each, standing[identity(each)]) for each in desired if identity(each) in standing]
    found = {name for wanted, stands in pairs for name in _images(wanted, stands, image)}
    if len(found) != 1 or found == {image}:
        return list(desired)
    (before,) = found
    kept = [_with_image(each, image, before) for each in desired]
    same = (
        is_settled_at(standing[identity(each)], each, naming.MANAGER, place)
        for each in kept
        if identity(each) in standing
        for place in places(each)
    )
    return kept if all(same) else list(desired)


def _images(desired: Object, live: Object, image: str) -> Iterator[str]:
    """What those containers run in `live` that would run `image`."""
    for place in places(desired):
        running = {each["name"]: each["image"] for each in containers(live, place)}
        yield from (running[each["name"]] for each in _ours(desired, place, image) if each["name"] in running)


def _with_image(desired: Object, image: str, before: str) -> Object:
    made = deepcopy(desired)
    for place in places(made):
        for each in _ours(made, place, image):
            each["image"] = before
    return made


def _ours(desired: Object, place: Path, image: str) -> list[Object]:
    """Steps and companions: the server itself comes first in `containers`, whatever its image is."""
    server = pod_spec(desired, place)["containers"][0]
    return [each for each in containers(desired, place) if each["image"] == image and each is not server]
