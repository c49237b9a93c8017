"""The fetch job: every remote source of an index, one after the other, each by itself whole or unchanged."""

import logging
import time
from datetime import datetime, timedelta
from pathlib import Path

from kefu_api import cron
from kefu_api.documents.fetch import Fetch, FetchedSource, FetchReport, FetchSource
from kefu_retrieval.errors import RetrievalError
from kefu_retrieval.places.choose import choose
from kefu_retrieval.places.place import fetch, settings_of, utc_now
from kefu_retrieval.places.shelf import Shelf
from kefu_retrieval.places.snapshot import Snapshot

SLACK = 0.1
"""Share of `every` by which a fetch may come early: several sources share a job."""
SKEW = timedelta(minutes=1)
"""By how much the clock of whoever started the job may be ahead of this one: what it found due is due."""

log = logging.getLogger(__name__)


async def fetch_all(document: Fetch, volume: Path, loopback: bool = False) -> FetchReport:
    """Bring every source up to date; one that fails keeps its last snapshot and says why."""
    return FetchReport(sources=tuple([await _fetch_one(source, volume, loopback) for source in document.sources]))


async def _fetch_one(source: FetchSource, volume: Path, loopback: bool) -> FetchedSource:
    shelf = Shelf(volume / source.name)
    began = time.monotonic()
    if young := _young(source, shelf):
        total = young.left_out_total
        return FetchedSource(name=source.name, digest=young.digest, files=len(young.files), left_out=total, early=True)
    try:
        async with choose(source, shelf.folder, loopback) as place:
            fetched = await fetch(source, place, shelf)
    except RetrievalError as error:
        log.error("fetch failed", extra={"source": source.name, "reason": error.reason, "error": str(error)})
        held = shelf.current()
        return FetchedSource(
            name=source.name,
            digest=held.digest if held else None,
            files=len(held.files) if held else 0,
            reason=error.reason,
            message=str(error)[:1_000],
            temporary=error.temporary,
        )
    snapshot = fetched.snapshot
    told = {"source": source.name, "digest": snapshot.digest, "files": len(snapshot.files)}
    log.info("fetched", extra=told | {"received": fetched.received, "seconds": round(time.monotonic() - began, 2)})
    for left in snapshot.left_out[:50]:
        log.warning("left out", extra={"source": source.name, "document": left.name, "reason": left.reason})
    return FetchedSource(
        name=source.name,
        digest=snapshot.digest,
        files=len(snapshot.files),
        received=fetched.received,
        left_out=snapshot.left_out_total,
    )


def _young(source: FetchSource, shelf: Shelf) -> Snapshot | None:
    """The snapshot, while it is too early to ask again."""
    if not source.every and not source.schedule:
        return None
    held = shelf.current()
    if held is None or held.settings != settings_of(source):
        return None
    fetched = datetime.fromisoformat(held.fetched_at)
    if source.schedule:
        due = cron.preceding(source.schedule, utc_now() + SKEW)
        return held if due is None or fetched >= due else None
    age = (utc_now() - fetched).total_seconds()
    return held if 0 <= age < source.every * (1 - SLACK) else None
