"""Finding out which kinds of others the API server has, again and again: CRDs come and go while the operator runs.

By discovery (`GET /apis/GROUP/VERSION`), which every account may read: a right to see CRDs would be one of the whole cluster,
and an operator of few namespaces has none of those. Kubernetes caches the answers; a look costs it next to nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from random import uniform

from kefu_operator.client.client import Client
from kefu_operator.client.transport import part
from kefu_operator.errors import Absent, ApiError, Forbidden
from kefu_operator.kinds import Kinds
from kefu_operator.resources import CUSTOM_METRICS, LEADER_WORKER_SETS, MILVUSES, POD_METRICS, SCALED_OBJECTS

LOOK_SECONDS = 10.0
"""Between two looks, up to a fifth longer."""

WANTED = (SCALED_OBJECTS.api_version, MILVUSES.api_version, LEADER_WORKER_SETS.api_version)
"""Groups and versions of CRDs that Kefu uses."""
AGGREGATED = (POD_METRICS.api_version, CUSTOM_METRICS)
"""Those that another server answers for: while that one is away, what it said last holds."""

log = logging.getLogger(__name__)


class Discovery:
    """Knows which kinds there are."""

    def __init__(
        self,
        client: Client,
        wanted: Sequence[str] = WANTED,
        aggregated: Sequence[str] = AGGREGATED,
        seconds: float = LOOK_SECONDS,
    ) -> None:
        self._client = client
        self._wanted = wanted
        self._aggregated = aggregated
        self._seconds = seconds
        self._kinds: Kinds | None = None

    async def kinds(self) -> Kinds:
        """What there is, as of the last look; the first one is taken now.

        Raises:
            ApiError: the API server did not answer the first look. What is not known is not taken for absent: an engine
                would lose its scaler.
        """
        if self._kinds is None:
            await self.look()
        return self._kinds or Kinds()

    async def look(self) -> bool:
        """Ask; whether anything came or went since the last time.

        Raises:
            ApiError: the API server did not answer; what was known holds.
        """
        before = self._kinds
        found = {version: await self._names(version) for version in self._wanted}
        for version in self._aggregated:
            try:
                found[version] = await self._names(version)
            except ApiError:
                found[version] = (before or Kinds()).names(version)
        after = Kinds({version: names for version, names in found.items() if names})
        self._kinds = after
        if before is not None and before != after:
            log.info("kinds changed: %s", ", ".join(after.served) or "none of those that Kefu would use is there")
        return before != after

    async def run(self, seen: Callable[[Kinds, bool], None]) -> None:
        """Look until cancelled, and tell what there is, and whether that is new."""
        while True:
            try:
                changed = await self.look()
                seen(await self.kinds(), changed)
            except ApiError as error:
                log.debug("kinds cannot be looked up: %s", error)
            await asyncio.sleep(self._seconds * uniform(1, 1.2))  # noqa: S311 - jitter

    async def _names(self, version: str) -> frozenset[str]:
        try:
            answer = await self._client.request("get", f"/apis/{version}")
        except (Absent, Forbidden):
            return frozenset()
        part(answer, "groupVersion")
        return frozenset(str(resource["name"]) for resource in answer.get("resources") or ())


@asynccontextmanager
async def doubting(discovery: Discovery) -> AsyncIterator[None]:
    """Around what asks for kinds of others: where something is absent, its kind may have gone since the last look, and is looked for.

    Raises:
        ApiError: what the block raises, or the look.
    """
    try:
        yield
    except Absent:
        await discovery.look()
        raise
