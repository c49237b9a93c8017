"""What the status says of versions: which there are, what each changes, what the golden questions say of it."""

from typing import Annotated, Literal

from pydantic import Field

from kefu_api.kinds.part import Part
from kefu_api.kinds.shape import ATOMIC
from kefu_api.kinds.types import Ratio, Text


class Scores(Part):
    """What the golden questions say of a version; a score that no question tells is absent."""

    questions: Annotated[int, Field(ge=0)]
    """How many questions were asked."""
    recall_at1: Ratio | None = None
    """Answerable questions whose evidence comes first."""
    recall_at5: Ratio | None = None
    """Answerable questions whose evidence is among the first five."""
    recall_at10: Ratio | None = None
    """Answerable questions whose evidence is among the first ten."""
    mrr: Ratio | None = None
    """Mean reciprocal rank of the first evidence."""
    ndcg_at5: Ratio | None = None
    """Normalised discounted cumulative gain of the first five documents."""
    answered: Ratio | None = None
    """Answerable questions that are sure enough to be answered."""
    refused: Ratio | None = None
    """Unanswerable questions that are not."""


class VersionCalibration(Part):
    """What a version's confidence was learnt from, and how far it lies from what came true."""

    questions: Annotated[int, Field(ge=0)]
    """How many golden questions taught it."""
    error_before: Ratio
    """Expected calibration error of the built-in formula on them."""
    error_after: Ratio
    """The same after learning, on questions that were not learnt from (cross-validation)."""


class Difference(Part):
    """How many came, changed and went."""

    added: Annotated[int, Field(ge=0)]
    """How many are new."""
    changed: Annotated[int, Field(ge=0)]
    """How many are not as they were."""
    removed: Annotated[int, Field(ge=0)]
    """How many are gone."""


class VersionChanges(Part):
    """What a version changes."""

    against: Text
    """The version that was published when it was built."""
    documents: Difference
    """Documents and FAQ entries."""
    chunks: Difference
    """Chunks."""


class QuestionChanges(Part):
    """Golden questions whose evidence a version finds and another does not."""

    against: Text
    """The version that was published when it was judged."""
    lost: Annotated[int, Field(ge=0)]
    """How many lost their evidence."""
    gained: Annotated[int, Field(ge=0)]
    """How many found it."""
    lost_questions: Annotated[tuple[Text, ...], Field(max_length=16, json_schema_extra=ATOMIC)] = ()
    """The first of the lost."""
    gained_questions: Annotated[tuple[Text, ...], Field(max_length=16, json_schema_extra=ATOMIC)] = ()
    """The first of the gained."""


class KnownVersion(Part):
    """A version that is in the store."""

    version: Text
    """Its name."""
    state: Literal["Published", "Kept", "Refused", "Candidate"]
    """Published: it answers. Kept: it did, or might have. Refused: it failed a gate. Candidate: it waits for you."""
    documents: Annotated[int, Field(ge=0)]
    """How many documents and FAQ entries."""
    chunks: Annotated[int, Field(ge=0)]
    """How many chunks."""
    built: Text
    """When its building began (RFC 3339)."""
    skipped: Annotated[int, Field(ge=0)] = 0
    """How many documents or entries were left out."""
    skipped_documents: Annotated[tuple[Text, ...], Field(max_length=8, json_schema_extra=ATOMIC)] = ()
    """The first of them, each with its reason."""
    changes: VersionChanges | None = None
    """What it changes; absent for the first."""
    scores: Scores | None = None
    """What the golden questions say of it."""
    calibration: VersionCalibration | None = None
    """What its confidence was learnt from; absent: it is the built-in formula's."""
    questions: QuestionChanges | None = None
    """Questions lost and gained; absent where there was nothing to compare with."""
    failed_gates: Annotated[tuple[Text, ...], Field(max_length=7, json_schema_extra=ATOMIC)] = ()
    """Gates that it does not pass, with its figures."""
    judged_by: Text | None = None
    """Hash of the questions, gates and search settings that it was judged by."""


class PublishedVersion(Part):
    """The version that answers now."""

    version: Text
    """Name of the version: a hash of all that went into it."""
    documents: Annotated[int, Field(ge=0)]
    """How many documents and FAQ entries."""
    chunks: Annotated[int, Field(ge=0)]
    """How many chunks."""
    skipped: Annotated[int, Field(ge=0)] = 0
    """How many documents or entries were left out; see `skippedDocuments`."""
    skipped_documents: Annotated[tuple[Text, ...], Field(max_length=32, json_schema_extra=ATOMIC)] = ()
    """The first of them, each with its reason."""
    scores: Scores | None = None
    """What the golden questions say of it."""
    calibration: VersionCalibration | None = None
    """What its confidence was learnt from; absent: it is the built-in formula's."""
    at: Text
    """When it was published (RFC 3339)."""
    job: Text | None = None
    """UID of the Job that published it."""


class CandidateVersion(Part):
    """The version that is being built aside."""

    version: Text
    """Its name."""
    phase: Literal["Pending", "Building", "Evaluating", "Publishing", "Waiting", "Refused", "Failed"]
    """How far it is. Waiting: for `spec.publishing.version`. Refused: it failed a gate."""
    done: Annotated[int, Field(ge=0)] | None = None
    """Chunks that are in the store, or questions that are asked; where several pods build, reckoned by the rows of all of them."""
    total: Annotated[int, Field(ge=0)] | None = None
    """Of how many."""
    seconds_left: Annotated[int, Field(ge=0)] | None = None
    """Until all of them are, at the pace of the last minute; absent: not known yet."""
