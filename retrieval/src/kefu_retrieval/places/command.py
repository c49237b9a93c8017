"""The fetch command: read the document, visit the places, leave the report as the termination message."""

import asyncio
import logging
from pathlib import Path

from kefu_api.documents.fetch import Fetch, FetchedSource, FetchReport
from kefu_api.documents.index import IngestionFailure
from kefu_retrieval import documents, termination
from kefu_retrieval.errors import IndexInvalid
from kefu_retrieval.places.fetch import fetch_all

MESSAGE_STEPS = (300, 120, 40, 0)
"""Characters of each failure's message, tried until the report fits."""

OK, PERMANENT, TEMPORARY = 0, 65, 75

log = logging.getLogger(__name__)


def run(path: Path, volume: Path, termination_log: Path | None, loopback: bool) -> int:
    """Fetch everything once.

    Returns:
        0; 75 where a source failed for the moment; 65 where one can only be mended. The other sources are fetched
        all the same.
    """
    try:
        document = documents.read_as(Fetch, path)
    except IndexInvalid as error:
        log.error("cannot fetch", extra={"reason": error.reason, "error": str(error)})
        termination.leave(IngestionFailure(reason=error.reason, message=str(error), temporary=False), termination_log)
        return PERMANENT
    report = asyncio.run(fetch_all(document, volume, loopback))
    termination.leave(fit(report), termination_log)
    failed = [source for source in report.sources if source.reason]
    if not failed:
        return OK
    return TEMPORARY if any(source.temporary for source in failed) else PERMANENT


def fit(report: FetchReport) -> FetchReport:
    """The report with messages as long as the termination message has room for; digests are never cut."""
    for characters in MESSAGE_STEPS:
        short = FetchReport(sources=tuple(_shorter(source, characters) for source in report.sources))
        if termination.size(short) <= termination.MAX_BYTES:
            return short
    return short


def _shorter(source: FetchedSource, characters: int) -> FetchedSource:
    return source.model_copy(update={"message": (source.message or "")[:characters] or None})
