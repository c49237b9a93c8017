"""Versions of an index over HTTP: what the retrieval service tells of them, and how it judges one on request."""

from typing import Annotated

from pydantic import Field

from kefu_api.base import Model
from kefu_api.documents.index import CalibrationReport, Difference, HeldVersion, Scores

MAX_NAMES = 1_000
"""Names of documents in one list of a difference."""
MAX_FILES = 64
MAX_PASSAGES = 200
"""Passages of one list."""
MAX_SHOWN = 4_000
"""Characters of a passage in a list."""


class VersionList(Model):
    """`GET /v1/versions`."""

    index: str
    published: str | None
    """The version that readers search; None before the first."""
    versions: tuple[HeldVersion, ...]
    """Every whole version in the store, newest first."""


class VersionDiff(Model):
    """`GET /v1/versions/diff?before=…&after=…`: names of documents, at most `MAX_NAMES` of each kind; the counts are whole."""

    before: str
    after: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    documents: Difference
    chunks: Difference


class Passage(Model):
    """A chunk of a version, as a person or a model reads it."""

    chunk: str
    document: str
    title: str
    headings: tuple[str, ...] = ()
    text: str
    """Up to `MAX_SHOWN` characters."""
    language: str


class PassageList(Model):
    """`GET /v1/versions/passages?version=…&after=…&limit=…`: in the order of chunk ids, which are hashes."""

    version: str
    languages: tuple[str, ...]
    """Of the index."""
    passages: tuple[Passage, ...]


class EvaluateRequest(Model):
    """`POST /v1/versions/evaluate`."""

    version: str | None = None
    """Which version; absent: the published one."""
    files: Annotated[dict[str, str], Field(min_length=1, max_length=MAX_FILES)]
    """Golden questions as a ConfigMap holds them: YAML lists by file name."""


class QuestionResult(Model):
    """What one golden question found."""

    id: str
    question: str
    expected: bool
    """Whether it is answerable."""
    answered: bool
    """Whether the search calls it so."""
    rank: int | None = None
    """Rank of the first right passage among the first ten."""
    right: bool
    """Evidence among the first five, or a refusal where there is none."""


class EvaluateResponse(Model):
    """What the golden questions say of a version."""

    version: str
    scores: Scores
    calibration: CalibrationReport | None = None
    """What the version's confidence was learnt from; None: it is the formula's."""
    calibration_error: float | None = None
    """Expected calibration error of the confidences that these questions got, 0 to 1; too good where they were learnt from."""
    questions: tuple[QuestionResult, ...]
