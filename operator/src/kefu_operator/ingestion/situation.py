"""All that the decision depends on, and what it decides: plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from kefu_api.kinds.knowledge.versions import KnownVersion, PublishedVersion
from kefu_operator.desired.types import Object
from kefu_operator.ingestion.jobs import JobView
from kefu_operator.pods import PodView
from kefu_operator.status.check import Check

Phase = Literal["Pending", "Building", "Evaluating", "Publishing", "Waiting", "Refused", "Failed"]


@dataclass(frozen=True)
class Situation:
    """Everything that the decision depends on."""

    version: str | None
    """The version that the sources ask for; None while it cannot be built: a source, or the questions, are missing."""
    job_name: str | None
    """Name of the Job that builds it; None alike."""
    published: PublishedVersion | None
    """As the status remembers it."""
    store_ready: bool
    jobs: Sequence[JobView]
    pods: Sequence[PodView]
    """Of all our Jobs, those that were deleted included; newest first."""
    is_current: bool
    """Whether the building Job, where there is one, is what we would create today."""
    now: datetime
    versions: tuple[KnownVersion, ...] = ()
    """As the status remembers them."""
    remembered_volume: str | None = None
    """UID of the volume of which the status speaks."""
    volume: str | None = None
    """UID of the embedded store's volume; empty where there is none yet; None where the store is external."""
    judged_by: str | None = None
    """By what a version is judged now; None: it is not."""
    automatic: bool = True
    """Whether a version that passes is published without a person."""
    pinned: str | None = None
    """`spec.publishing.version`."""
    publish_jobs: Mapping[str, str] = field(default_factory=dict)
    """Names of the Jobs that would publish a version, by version."""

    @property
    def answering(self) -> PublishedVersion | None:
        """The published version, if the store can still hold it: another volume does not."""
        return self.published if self.volume == self.remembered_volume else None


@dataclass(frozen=True)
class Decision:
    """What to do and what to say."""

    check: Check
    """Of the publication."""
    create: bool = False
    """Whether to create the Job that builds."""
    publish: str | None = None
    """The version for which to create a Job that publishes."""
    delete: tuple[Object, ...] = ()
    published: PublishedVersion | None = None
    versions: tuple[KnownVersion, ...] = ()
    volume: str | None = None
    """UID of the volume of which `published` and `versions` speak."""
    candidate: str | None = None
    """Name of the version that `phase` speaks of."""
    phase: Phase | None = None
    """Of the candidate; None where there is none."""
    again_after: timedelta | None = None
