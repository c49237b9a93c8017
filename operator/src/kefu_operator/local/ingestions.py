"""The ingestions of one instance, by index: begun when an index is first wanted, stopped when it is no longer."""

import asyncio
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from kefu_operator.local.errors import InputInvalid
from kefu_operator.local.ingestion import Ingestion, Memory, Wanted

Begin = Callable[[str], Ingestion]
"""Makes the ingestion of an index."""


class Ingestions(Mapping[str, Ingestion]):
    """One an index."""

    def __init__(self, begin: Begin, memory: Memory) -> None:
        """`memory`: what is known to be published."""
        self._begin = begin
        self._memory = memory
        self._held: dict[str, Ingestion] = {}

    def __getitem__(self, index: str) -> Ingestion:
        return self._held[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    async def want(self, wanted: Iterable[Wanted], indexes: Container[str]) -> None:
        """Bring indexes to versions; those that are no longer among `indexes` are left."""
        for each in wanted:
            if each.index not in self._held:
                self._held[each.index] = self._begin(each.index)
            await self._held[each.index].want(each)
        for name in [name for name in self._held if name not in indexes]:
            await self._held.pop(name).stop()

    async def published(self) -> None:
        """Wait for the first versions.

        Raises:
            InputInvalid: an index has no version and will not get one from these files.
        """
        for ingestion in self._held.values():
            await ingestion.settled.wait()
            if ingestion.problem and self._memory.version(ingestion.index) is None:
                raise InputInvalid(f"KnowledgeIndex/{ingestion.index}: {ingestion.problem}")

    async def stop(self) -> None:
        """Stop them all."""
        await asyncio.gather(*(ingestion.stop() for ingestion in self._held.values()))
