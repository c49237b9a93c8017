"""What the status remembers of versions, by what Jobs report."""

from kefu_api.documents.index import CalibrationReport, HeldVersion, IngestionReport, Judgement, Scores
from kefu_api.kinds.knowledge.versions import VersionCalibration
from kefu_operator.ingestion.known import find, merged, published_version

LEARNT = CalibrationReport(questions=120, before=0.14, after=0.052)
HELD = HeldVersion(version="v1", documents=2, chunks=3, created=0.0)


def reported(learnt: CalibrationReport | None, judged: bool = True) -> IngestionReport:
    judgement = Judgement(judged_by="j", scores=Scores(questions=120), calibration=learnt) if judged else None
    return IngestionReport(
        version="v1", published=True, documents=2, chunks=3, embedded=0, judgement=judgement, versions=(HELD,)
    )


def test_tells_what_a_versions_confidence_was_learnt_from_until_a_judgement_says_otherwise() -> None:
    versions = merged((), reported(LEARNT))
    told = VersionCalibration(questions=120, error_before="0.14", error_after="0.052")
    assert versions[0].calibration == told
    assert published_version(versions[0], reported(LEARNT), "now", "uid").calibration == told
    kept = merged(versions, reported(None, judged=False))
    assert kept[0].calibration == told, "a job that only publishes teaches nothing"
    unlearnt = find(merged(kept, reported(None)), "v1")
    assert unlearnt and unlearnt.calibration is None
