"""An index that is deleted and has a finalizer of ours: it is taken out of its store, and let go, whatever comes of that."""

import logging
from datetime import datetime

from pydantic import ValidationError

from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_operator import naming
from kefu_operator.apply import Applier, Refusals
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import owned
from kefu_operator.desired.objects import removal_job
from kefu_operator.desired.render import owner_of
from kefu_operator.desired.types import Object
from kefu_operator.errors import REFUSED, ApiError, Forbidden, Rejected
from kefu_operator.events.ready import departure_event
from kefu_operator.gather.knowledge import Leaving
from kefu_operator.ingestion.departure import LOOK, Departing, Step, next_step
from kefu_operator.ingestion.jobs import heard, view
from kefu_operator.plan.knowledge.removal import is_removed, plan_removal
from kefu_operator.plan.knowledge.tasks import COMPONENT
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.reconcile.tell import Now, post, stamp, tell
from kefu_operator.status.check import Check, wait
from kefu_operator.status.conditions import conditions
from kefu_operator.status.reasons import Reason
from kefu_operator.workers import Again

log = logging.getLogger(__name__)


class Departure:
    """Lets indexes go."""

    def __init__(self, applier: Applier, images: Images, now: Now) -> None:
        self._applier = applier
        self._images = images
        self._now = now

    async def __call__(self, leaving: Leaving) -> Again:
        """Take the next step.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        try:
            index = KnowledgeIndex.model_validate(leaving.found)
        except ValidationError:
            await self._let_go(leaving, None, "its spec cannot be read")
            return Again()
        step = next_step(self._departing(leaving, index))
        if step.create and (refusal := await self._create(index)):
            if "being terminated" in str(refusal):
                step = Step(done=True, left="its namespace is being deleted, where no Job can be made any more")
            else:
                step = Step(
                    wait(
                        Reason.REMOVING_FROM_STORE, f"the Job that drops the index from its store is refused: {refusal}"
                    )
                )
        if step.done:
            await self._let_go(leaving, index, step.left)
        elif step.check:
            await self._tell(leaving, index, step.check)
        for each in step.delete:
            await self._applier.delete(each)
        return Again(None if step.done else LOOK.total_seconds())

    async def hold(self, found: Object, index: KnowledgeIndex) -> Refusals:
        """Have our finalizer on an index that is to be taken out of its store, and on no other; what was refused.

        Raises:
            ApiError: the API server did not answer.
        """
        has, wants = naming.FINALIZER in found["metadata"].get("finalizers", ()), is_removed(index)
        try:
            if wants and not has:
                await self._applier.hold(found, naming.FINALIZER)
            if has and not wants:
                await self._applier.let_go(found, naming.FINALIZER)
        except (Forbidden, Rejected) as refusal:
            return (refusal,)
        return ()

    def _departing(self, leaving: Leaving, index: KnowledgeIndex) -> Departing:
        name, asked = naming.removal(index.metadata.name), leaving.found["metadata"]["deletionTimestamp"]
        pods = [pod for pod in leaving.pods if pod.component == COMPONENT]
        # A Job that is being deleted is gone, for all that it can do.
        jobs = [view(job) for job in leaving.jobs if "deletionTimestamp" not in job["metadata"]]
        found = next((job for job in jobs if job.name == name), None)
        removal = found if found and found.created >= datetime.fromisoformat(asked) else None
        return Departing(
            asked=datetime.fromisoformat(asked),
            wanted=is_removed(index),
            removal=removal,
            stale=None if removal else found,
            others=[heard(job, pods) for job in jobs if job is not found],
            pods=pods,
            now=self._now(),
        )

    async def _create(self, index: KnowledgeIndex) -> ApiError | None:
        namespace = index.metadata.namespace
        scope = owned(namespace, owner_of(index))
        try:
            await self._applier.create(
                removal_job(plan_removal(index, ClusterPlacement(namespace)), scope, self._images)
            )
        except REFUSED as refusal:
            return refusal
        return None

    async def _tell(self, leaving: Leaving, index: KnowledgeIndex, check: Check) -> None:
        before, now = index.status.conditions if index.status else (), self._now()
        after = conditions({"StoreReady": [check]}, before, index.metadata.generation, stamp(now))
        told = [condition.model_dump(mode="json", by_alias=True, exclude_none=True) for condition in after]
        status = {**(leaving.found.get("status") or {}), "conditions": told}
        await tell(self._applier, leaving.found, status, before, after, now)

    async def _let_go(self, leaving: Leaving, index: KnowledgeIndex | None, left: str) -> None:
        meta = leaving.found["metadata"]
        if left or (index and is_removed(index)):
            alias = naming.store_alias(meta["namespace"], meta["name"])
            message = _message(alias, index, left)
            log.log(logging.WARNING if left else logging.INFO, "%s/%s: %s", meta["namespace"], meta["name"], message)
            await post(self._applier, departure_event(leaving.found, left, message, self._now()))
        await self._applier.let_go(leaving.found, naming.FINALIZER)


def _message(alias: str, index: KnowledgeIndex | None, left: str) -> str:
    external = index.spec.store.external if index else None
    database = f", database {external.database}" if external and external.database else ""
    place = f"{external.uri}{database}" if external else "its store"
    if not left:
        return f"what the index wrote to {place} is dropped"
    return f"alias {alias} and the collections {alias}_… stay in {place}: {left}; drop them by hand"
