"""Other releases of Kefu that write in the same namespaces: each holds a Lease of its own, so that no election keeps them apart.

They would undo one another's work without end. They are known by the labels that the chart gives to its Leases, and what they
watch by an annotation; whether one leads, by whether its Lease changes, as clocks of other machines tell nothing.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kefu_operator import naming
from kefu_operator.client.client import VERSION, Client
from kefu_operator.client.transport import part
from kefu_operator.desired.types import Object
from kefu_operator.errors import ApiError
from kefu_operator.leadership import record
from kefu_operator.resources import LEASES

LOOK_SECONDS = 20.0
"""Between two looks."""
PATIENCE = 60.0
"""How long a Lease that no longer changes stands for a release that leads: its operators may follow one another, or be upgraded."""
LABELS = "app.kubernetes.io/name=kefu-operator,app.kubernetes.io/part-of=kefu"

log = logging.getLogger(__name__)

Place = tuple[str, str]


@dataclass(frozen=True)
class _Seen:
    mark: object
    since: float | None
    """When it changed last, as far as we saw; None: it was held by nobody, and never changed."""
    holder: str


class Releases:
    """What was seen of the others."""

    def __init__(
        self,
        client: Client,
        own: Place,
        namespaces: Sequence[str],
        found: Callable[[float], None] = lambda _: None,
        *,
        seconds: float,
    ) -> None:
        """Prepare.

        Args:
            client: to the API server.
            own: namespace and name of our Lease.
            namespaces: that we watch; none: all of them.
            found: told how many others lead.
            seconds: how long a look may take.
        """
        self._client = client
        self._own = own
        self._namespaces = frozenset(namespaces)
        self._found = found
        self._seconds = seconds
        self._looked: float | None = None
        self._seen: dict[Place, _Seen] = {}

    async def look(self, now: float) -> str:
        """Who else leads over a namespace of ours, and what to do about it; empty where nobody does. Often it is known already."""
        if self._looked is None or now - self._looked >= LOOK_SECONDS:
            self._looked = now
            try:
                leases = await self._leases()
            except ApiError as error:
                # What was seen holds for a while; that nothing can be seen keeps nobody from leading.
                log.debug("other releases cannot be looked for: %s", error)
            else:
                self._seen = {_place(each): self._see(each, now) for each in leases if self._concerns(each)}
        leading = {at: seen for at, seen in sorted(self._seen.items()) if _leads(seen, now)}
        self._found(len(leading))
        return _told(leading) if leading else ""

    async def _leases(self) -> list[Object]:
        found: list[Object] = []
        for namespace in sorted(self._namespaces) or (None,):
            # From the API server's cache: there is a Lease for each node.
            answer = await self._client.request(
                "get", LEASES.path(namespace), seconds=self._seconds, label_selector=LABELS, resource_version="0"
            )
            part(answer, *VERSION)
            found += answer.get("items") or ()
        return found

    def _concerns(self, lease: Object) -> bool:
        """Whether it is of another release that watches a namespace of ours; older charts do not say what they watch."""
        if _place(lease) == self._own:
            return False
        watched = (lease["metadata"].get("annotations") or {}).get(naming.WATCHED)
        if not self._namespaces or watched == "":
            return True
        return watched is not None and not self._namespaces.isdisjoint(watched.split(","))

    def _see(self, lease: Object, now: float) -> _Seen:
        mark, holder, before = record.mark(lease), record.holder(lease), self._seen.get(_place(lease))
        if before is None:
            return _Seen(mark, now if holder else None, holder)
        return before if before.mark == mark else _Seen(mark, now, holder or before.holder)


def _leads(seen: _Seen, now: float) -> bool:
    return seen.since is not None and now - seen.since < PATIENCE


def _told(leading: dict[Place, _Seen]) -> str:
    others = ", ".join(f"{'/'.join(at)} (held by {seen.holder})" for at, seen in leading.items())
    return (
        f"another release of Kefu writes in the same namespaces, by Lease {others}: uninstall one of them, or give each"
        " namespaces of its own (chart value watchNamespaces)"
    )


def _place(lease: Object) -> Place:
    return lease["metadata"]["namespace"], lease["metadata"]["name"]
