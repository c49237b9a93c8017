"""Watching what we made of kinds that others bring: while the kind is there, and no longer."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from kefu_operator import naming
from kefu_operator.desired.types import Object
from kefu_operator.kinds import Kinds
from kefu_operator.queue import Key
from kefu_operator.relations import Relations
from kefu_operator.resources import INDEXES, LEADER_WORKER_SETS, MILVUSES, SCALED_OBJECTS
from kefu_operator.watch_children import OURS, Subject, Watcher

log = logging.getLogger(__name__)


def _told(found: Object) -> object:
    """What is ours to repair, and what KEDA says of it that we tell; the rest changes with every question."""
    meta = found["metadata"]
    conditions = (found.get("status") or {}).get("conditions", ())
    told = [(each["type"], each["status"]) for each in conditions if each["type"] in ("Ready", "Fallback")]
    return meta["uid"], meta.get("generation"), meta.get("labels"), "deletionTimestamp" in meta, told


def _groups_told(found: Object) -> object:
    """What is ours to repair, how many groups there are and are ready, and whether they are being changed."""
    meta, status = found["metadata"], found.get("status") or {}
    counts = [status.get(each) for each in ("replicas", "readyReplicas", "updatedReplicas", "observedGeneration")]
    told = [(each["type"], each["status"]) for each in status.get("conditions", ())]
    return meta["uid"], meta.get("generation"), meta.get("labels"), "deletionTimestamp" in meta, counts, told


def _gone(relations: Relations, last: Object) -> list[Key]:
    """Of what is gone, only the name is known, which tells its engine."""
    meta = last["metadata"]
    return relations.child_seen({"metadata": {**meta, "labels": {naming.ENGINE: naming.grouped(meta["name"])}}})


def _told_of_milvus(found: Object) -> object:
    """What is ours to repair, and how it is; the times of its checks change all the while."""
    meta, status = found["metadata"], found.get("status") or {}
    told = [
        (each["type"], each["status"], each.get("reason"), each.get("message")) for each in status.get("conditions", ())
    ]
    whole = (status.get("status"), status.get("observedGeneration"))
    return meta["uid"], meta.get("generation"), meta.get("labels"), "deletionTimestamp" in meta, whole, told


def _milvus_gone(relations: Relations, last: Object) -> list[Key]:
    """Of what is gone, only the name is known, which tells the index."""
    meta = last["metadata"]
    owner = naming.owned_by(INDEXES.kind, naming.index_of_milvus(meta["name"]))
    return relations.child_seen({"metadata": {**meta, "labels": {naming.OWNED_BY: owner}}})


SUBJECTS = (
    Subject(SCALED_OBJECTS, OURS, Relations.child_seen, _told, gone=_gone),
    Subject(MILVUSES, OURS, Relations.child_seen, _told_of_milvus, gone=_milvus_gone),
    Subject(LEADER_WORKER_SETS, OURS, Relations.child_seen, _groups_told, gone=_gone),
)

Make = Callable[[Subject], Sequence[Watcher]]
"""The watchers of a subject: one a namespace."""


class ForeignWatches:
    """Begins and ends watches as kinds come and go."""

    def __init__(self, make: Make, subjects: Sequence[Subject] = SUBJECTS) -> None:
        self._make = make
        self._subjects = subjects
        self._tasks: dict[Subject, list[asyncio.Task[None]]] = {}

    def follow(self, kinds: Kinds) -> None:
        """Watch what is there, and nothing else; a watch that has ended by itself is begun anew, with the others of its kind."""
        for subject in self._subjects:
            tasks = self._tasks.get(subject, [])
            served, ended = kinds.has(subject.resource), [task for task in tasks if task.done()]
            for task in ended:
                error = None if task.cancelled() else task.exception()
                log.error("watch of %s ended by itself", subject.title, exc_info=error)
            if ended or not served:
                _cancel(self._tasks.pop(subject, []))
            if served and subject not in self._tasks:
                self._tasks[subject] = [asyncio.create_task(watcher.run()) for watcher in self._make(subject)]

    async def stop(self) -> None:
        """End all of them."""
        tasks = [task for each in self._tasks.values() for task in each]
        self._tasks.clear()
        _cancel(tasks)
        await asyncio.gather(*tasks, return_exceptions=True)


def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
