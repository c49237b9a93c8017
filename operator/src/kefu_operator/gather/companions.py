"""What the companions of engines' pods tell of adapters: asked for by their logs, and remembered while it must still be true."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from kefu_operator.adapters.told import LINGER_SECONDS, parse
from kefu_operator.client.client import Client
from kefu_operator.errors import ApiError
from kefu_operator.pods import ContainerView, PodView

FRESH_SECONDS = LINGER_SECONDS / 2
"""After so long a companion is asked again, although it told that all is loaded."""
AT_ONCE = 8
"""Logs that are read at a time."""
LOG_SECONDS = 5.0
"""Longest time for one of them: a kubelet that does not answer keeps nobody waiting for long."""
LINE_BYTES = 16 * 2**10
"""Longest state that is read, of some two hundred adapters; container runtimes split longer lines."""

Pod = tuple[str, tuple[tuple[str, int], ...]]
"""Its UID, and how often each of its containers was started anew: what is started anew has loaded nothing."""


@dataclass(frozen=True)
class _Told:
    line: str
    at: float


class Companions:
    """Remembers what each pod told last.

    An adapter that a companion tells of as loaded stays loaded for `LINGER_SECONDS` at least, whatever becomes of the document,
    unless a container is started anew. So long is it believed where its log cannot be read.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[Pod, _Told] = {}

    async def ask(
        self, client: Client, namespace: str, pods: Sequence[PodView], wanted: Collection[str]
    ) -> tuple[PodView, ...]:
        """The pods, those that answer with what their companion tells; nothing where that is not known.

        Args:
            client: for the logs.
            namespace: of the pods.
            pods: of one engine.
            wanted: names of adapters; of who lacks one, it is asked each time.
        """
        if not any(pod.companion for pod in pods):
            return tuple(pods)
        self._forget()
        gate = asyncio.Semaphore(AT_ONCE)

        async def told(pod: PodView) -> PodView:
            if not (pod.ready and pod.companion and not pod.deleting):
                return pod
            key, line = _key(pod), None
            if not self._knows(key, wanted):
                async with gate:
                    line = await _last_line(client, namespace, pod.name, pod.companion)
            if line and parse(line):
                self._told[key] = _Told(line, self._clock())
            known = self._told.get(key)
            return replace(pod, log_line=known.line) if known else pod

        return tuple(await asyncio.gather(*map(told, pods)))

    def _knows(self, pod: Pod, wanted: Iterable[str]) -> bool:
        """Whether the pod told lately that it has all of them."""
        known = self._told.get(pod)
        state = parse(known.line) if known and self._clock() - known.at < FRESH_SECONDS else None
        return state is not None and state.loaded.issuperset(wanted)

    def _forget(self) -> None:
        """What may be true no longer, and with it pods that are gone."""
        oldest = self._clock() - LINGER_SECONDS
        self._told = {pod: told for pod, told in self._told.items() if told.at > oldest}


def _key(pod: PodView) -> Pod:
    return pod.uid, tuple(sorted((each.name, each.restarts) for each in pod.containers if not each.step))


async def _last_line(client: Client, namespace: str, pod: str, container: ContainerView) -> str:
    try:
        async with asyncio.timeout(LOG_SECONDS):
            text = await client.log_tail(namespace, pod, container.name, previous=False, lines=1, most=LINE_BYTES)
    except (ApiError, TimeoutError):
        return ""
    return text.strip()
