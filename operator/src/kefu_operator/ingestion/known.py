"""The versions that the store holds, as the status remembers them: merged with what a Job reports, and named by state."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

from kefu_api.documents import index as told
from kefu_api.documents.index import IngestionReport, Judgement
from kefu_api.kinds.knowledge.versions import (
    Difference,
    KnownVersion,
    PublishedVersion,
    QuestionChanges,
    Scores,
    VersionCalibration,
    VersionChanges,
)

MAX_KNOWN = 16
SKIPPED_SHOWN = 8
"""Left out documents that a version in the list names; the published one names more."""

State = Literal["Published", "Kept", "Refused", "Candidate"]


def find(versions: Iterable[KnownVersion], name: str | None) -> KnownVersion | None:
    """The version of that name."""
    return next((held for held in versions if held.version == name), None)


def merged(before: Sequence[KnownVersion], report: IngestionReport) -> tuple[KnownVersion, ...]:
    """What the store holds by the report, newest first, with all that is remembered of each."""
    held = report.versions or (
        told.HeldVersion(version=report.version, documents=report.documents, chunks=report.chunks, created=0.0),
    )
    known = [find(before, each.version) or _new(each) for each in held][:MAX_KNOWN]
    return tuple(_reported(each, report) if each.version == report.version else each for each in known)


def with_states(versions: Iterable[KnownVersion], published: str | None) -> tuple[KnownVersion, ...]:
    """Each with its state, now that `published` answers."""
    return tuple(held.model_copy(update={"state": _state(held, published)}) for held in versions)


def published_version(known: KnownVersion, report: IngestionReport, at: str, job: str) -> PublishedVersion:
    """What the status tells of the version that a Job has published."""
    mine = report.version == known.version
    return PublishedVersion(
        version=known.version,
        documents=known.documents,
        chunks=known.chunks,
        skipped=(mine and report.skipped_total) or known.skipped,
        skipped_documents=(mine and skipped_documents(report)) or known.skipped_documents,
        scores=known.scores,
        calibration=known.calibration,
        at=at,
        job=job or None,
    )


def answering(versions: Iterable[KnownVersion], report: IngestionReport) -> KnownVersion | None:
    """The version that readers search by the report; None where it does not say."""
    return find(versions, report.answering or (report.version if report.published else None))


def skipped_documents(report: IngestionReport) -> tuple[str, ...]:
    """Those that the report names, each with its reason."""
    return tuple(f"{skipped.document}: {skipped.reason}"[:500] for skipped in report.skipped[:32])


def _state(held: KnownVersion, published: str | None) -> State:
    if held.version == published:
        return "Published"
    if held.failed_gates:
        return "Refused"
    return "Candidate" if held.state in ("Candidate", "Refused") else "Kept"


def _new(held: told.HeldVersion) -> KnownVersion:
    built = datetime.fromtimestamp(held.created, UTC).isoformat(timespec="seconds")
    return KnownVersion(
        version=held.version, state="Candidate", documents=held.documents, chunks=held.chunks, built=built
    )


def _reported(known: KnownVersion, report: IngestionReport) -> KnownVersion:
    fresh: dict[str, object] = {
        "changes": _changes(report.changes),
        "skipped": report.skipped_total or None,
        "skipped_documents": skipped_documents(report)[:SKIPPED_SHOWN] or None,
        **_judged(report.judgement),
    }
    update = {name: value for name, value in fresh.items() if value is not None}
    if report.judgement:
        update["calibration"] = _calibration(report.judgement.calibration)  # none, too, is news
    return known.model_copy(update=update)


def _judged(judgement: Judgement | None) -> dict[str, object]:
    if judgement is None:
        return {}
    return {
        "scores": _scores(judgement.scores),
        "questions": _questions(judgement),
        "failed_gates": tuple(map(_gate, judgement.failed)),
        "judged_by": judgement.judged_by,
    }


def _calibration(learnt: told.CalibrationReport | None) -> VersionCalibration | None:
    if learnt is None:
        return None
    before, after = _ratio(learnt.before), _ratio(learnt.after)
    return VersionCalibration(questions=learnt.questions, error_before=before, error_after=after)


def _questions(judgement: Judgement) -> QuestionChanges | None:
    if judgement.against is None:
        return None
    return QuestionChanges(
        against=judgement.against,
        lost=judgement.lost_total,
        gained=judgement.gained_total,
        lost_questions=judgement.lost,
        gained_questions=judgement.gained,
    )


def _gate(failed: told.FailedGate) -> str:
    value = "no question tells it" if failed.value is None else _ratio(failed.value)
    return f"{failed.metric} {value}, below {_ratio(failed.at_least)}"


def _scores(scores: told.Scores) -> Scores:
    figures = scores.model_dump(exclude={"questions"}, exclude_none=True)
    return Scores(questions=scores.questions, **{name: _ratio(value) for name, value in figures.items()})


def _ratio(value: float) -> str:
    return f"{min(1.0, max(0.0, value)):.4f}".rstrip("0").rstrip(".")


def _changes(changes: told.VersionChanges | None) -> VersionChanges | None:
    if changes is None:
        return None
    parts = {"documents": changes.documents, "chunks": changes.chunks}
    counts = {name: Difference(**part.model_dump()) for name, part in parts.items()}
    return VersionChanges(against=changes.against, **counts)
