"""Noticing that a store has lost what we remember as published, e.g. because its files were removed."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from kefu_operator.local.ingestion import Ingestion
from kefu_operator.local.keeper import Phase
from kefu_operator.local.plan import LocalPlan, ServedIndex
from kefu_operator.local.supervisor import Supervisor

INTERVAL = 0.5
"""Seconds between looks."""
LOST_AFTER = 10
"""Looks in a row at which a version must be missing: a store that is starting may not know it for a moment."""
NOT_PUBLISHED = "IndexNotPublished"
"""How the retrieval service's readiness says that its store knows no version."""


class Healer:
    """Lets a version be built again when its store does not know it."""

    def __init__(
        self,
        supervisor: Supervisor,
        ingestions: Mapping[str, Ingestion],
        plan: Callable[[], LocalPlan],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._supervisor = supervisor
        self._ingestions = ingestions
        self._plan = plan
        self._sleep = sleep
        self._complaints: Counter[str] = Counter()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self._sleep(INTERVAL)
            for served in self._plan().indexes:
                await self.look(served)

    async def look(self, served: ServedIndex) -> None:
        """Look at one index; at the last look in a row at which it is missing, it is built again."""
        self._complaints[served.name] = self._complaints[served.name] + 1 if self._is_lost(served) else 0
        if self._complaints[served.name] >= LOST_AFTER:
            self._complaints[served.name] = 0
            await self._ingestions[served.name].rebuild()

    def _is_lost(self, served: ServedIndex) -> bool:
        ingestion, retrieval = self._ingestions.get(served.name), self._supervisor.keeper(served.retrieval)
        store = self._supervisor.keeper(served.store) if served.store else None
        if ingestion is None or retrieval is None or (store and store.phase is not Phase.READY):
            return False
        settled = ingestion.settled.is_set() and not ingestion.problem
        return settled and retrieval.phase is not Phase.READY and NOT_PUBLISHED in retrieval.detail
