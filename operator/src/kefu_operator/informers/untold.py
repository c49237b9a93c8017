"""What we wrote and no watch has told of yet: its news need not be read."""

import re

from kefu_operator.resources import Resource

MOST = 256
"""Of a kind. A watch that begins anew never tells of some."""
_GONE = b'{"type":"DELETED"'
_KEY = b'"resourceVersion":'
_VERSION = re.compile(_KEY + rb'"(\d+)"')
_ANNOTATIONS, _LABELS = b'"annotations":{', b'"labels":{'


class Untold:
    """Resource versions of our own writes, kind by kind, until a watch tells of them."""

    def __init__(self) -> None:
        self._versions: dict[Resource, dict[int, None]] = {}

    def add(self, resource: Resource, version: int) -> None:
        """We wrote an object, and know it as it now is."""
        versions = self._versions.setdefault(resource, {})
        versions[version] = None
        if len(versions) > MOST:
            del versions[next(iter(versions))]

    def told(self, resource: Resource, event: bytes) -> int | None:
        """The version that an event of a watch (its JSON) tells of, where that is one of these, which it then is no more.

        An end is never among them, though a write that takes an object out of a watch's selection ends it there. Quotes in a text are
        escaped, so what is found is a field: the object's own, or a label or annotation of that name, which stands before it in objects of
        our kinds. Where that may be, the event is read.
        """
        versions = self._versions.get(resource)
        found = _VERSION.search(event) if versions and not event.startswith(_GONE) else None
        if not versions or not found or (version := int(found[1])) not in versions or _is_doubtful(event, found):
            return None
        del versions[version]
        return version


def _is_doubtful(event: bytes, found: re.Match[bytes]) -> bool:
    start = found.start()
    may_be_users = event.find(_ANNOTATIONS, 0, start) >= 0 or event.find(_LABELS, 0, start) >= 0
    return may_be_users and event.find(_KEY, found.end()) >= 0
