"""The pushed sources of an index, as its reconcile sees them."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import ValidationError

from kefu_api.documents.push import Holding, Holdings
from kefu_api.kinds.knowledge.index import SourceStatus
from kefu_operator.gather.knowledge import KnowledgeFacts
from kefu_operator.ingestion.jobs import State, view
from kefu_operator.plan.knowledge.tasks import COMPONENT as INGESTION
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.pushing import COMPONENT, push_url
from kefu_operator.pods import PodView
from kefu_operator.reconcile.tell import stamp
from kefu_operator.status.check import Check, ok
from kefu_operator.status.reasons import Reason

LOOK_SECONDS = 10
"""How often the push service is asked what it holds."""


def pushed_sources(facts: KnowledgeFacts, now: datetime) -> tuple[SourceStatus, ...]:
    """Every pushed source: as its service tells it, or where that is silent, as it was.

    While a version is being built, what came meanwhile waits: otherwise whoever pushes faster than a build takes would
    never see one end.
    """
    index = facts.index
    names = [source.name for source in index.spec.sources if source.push]
    if not names:
        return ()
    told = holdings(pod for pod in facts.pods if pod.component == COMPONENT)
    before = {source.name: source for source in (index.status.sources if index.status else ())}
    if told is None or _is_building(facts):
        told = {**(told or {}), **{name: held for name in names if (held := _held(before.get(name)))}}
    placement = ClusterPlacement(index.metadata.namespace)
    found = []
    for name in names:
        held, url = told.get(name), push_url(index.metadata.name, name, placement)
        shown = held.model_dump() if held else {"at": before[name].at if name in before else stamp(now)}
        found.append(SourceStatus(name=name, url=url, **shown))
    return tuple(found)


def check_pushed(sources: Iterable[SourceStatus]) -> list[Check]:
    """Those that wait for their first document, which is no fault."""
    return [
        ok(Reason.SOURCES_FOUND, f"source {source.name} waits for its first document at {source.url}")
        for source in sources
        if source.digest is None
    ]


def holdings(pods: Iterable[PodView]) -> Mapping[str, Holding] | None:
    """What the newest pod that tells something tells; None where none does."""
    return next((told for pod in pods if (told := _parsed(pod.log_line)) is not None), None)


def _parsed(line: str) -> Mapping[str, Holding] | None:
    try:
        event = json.loads(line)
        return Holdings(message=event["message"], sources=event["sources"]).sources
    except (ValueError, KeyError, TypeError, ValidationError):
        return None


def _held(source: SourceStatus | None) -> Holding | None:
    return Holding(digest=source.digest, files=source.files, at=source.at) if source and source.digest else None


def _is_building(facts: KnowledgeFacts) -> bool:
    return any(
        view(job).state is State.ACTIVE
        for job in facts.jobs
        if "deletionTimestamp" not in job["metadata"]
        and job["metadata"]["labels"].get("app.kubernetes.io/name") == f"kefu-{INGESTION}"
    )
