"""From the remote sources of a KnowledgeIndex to the task that fetches them, and where their snapshots lie."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from kefu_api import digest
from kefu_api.documents import fetch as document
from kefu_api.documents.fetch import Fetch, FetchSource
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.kinds.knowledge.source import Source
from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.types import seconds
from kefu_operator import naming
from kefu_operator.fetching.rhythm import Rhythm
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.reach import Outside, Reach
from kefu_operator.plan.workload import Compute, Container, DocumentMount, Mount, SecretMount, Task, VolumeMount

COMPONENT = "sources"
EVERY = "15m"
"""How often a place is asked where the source does not say."""
MAX_VOLUME_NAME = 63
DEADLINE_SECONDS = 2 * 3600


@dataclass(frozen=True)
class FetchPlan:
    """What brings the remote sources."""

    key: str
    """Hash of all that is fetched: another key means another Job."""
    task: Task
    volume: VolumeMount
    rhythms: Mapping[str, Rhythm]
    """When each remote source is asked, by its name."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the remote sources."""
        return tuple(self.rhythms)


def plan_fetching(index: KnowledgeIndex, placement: Placement) -> FetchPlan | None:
    """The task that fetches every remote source of an index; None where it has none."""
    remote = [source for source in index.spec.sources if source.place]
    if not remote:
        return None
    # The folder of its secrets must not depend on the key, which depends on them.
    workload = naming.sources(index.metadata.name)
    mounts: list[Mount] = []
    fetched = Fetch(
        namespace=index.metadata.namespace,
        name=index.metadata.name,
        sources=tuple(_source(source, workload, placement, mounts) for source in remote),
    )
    key = digest.of_value(fetched.model_dump(mode="json"))
    name = naming.fetching(index.metadata.name, key)
    documents = DocumentMount("fetch", placement.path(name, "fetch"), name, {document.FILE: fetched.to_json()})
    volume = sources_volume(index, placement)
    container = Container(
        name="fetch-sources",
        image="retrieval",
        command=(
            "python", "-m", "kefu_retrieval.places",
            "--document", f"{documents.path}/{document.FILE}",
            "--volume", volume.path,
        ),
        compute=Compute(cpu="50m", memory="512Mi"),
        mounts=(documents, volume, *mounts),
    )  # fmt: skip
    task = Task(
        name=name,
        component=COMPONENT,
        container=container,
        retries=0,
        deadline_seconds=DEADLINE_SECONDS,
        reach=_reach(remote),
        beside=naming.push(index.metadata.name) if any(source.push for source in index.spec.sources) else None,
    )
    return FetchPlan(key, task, volume, {source.name: _rhythm(source) for source in remote})


def _rhythm(source: Source) -> Rhythm:
    if source.schedule:
        return Rhythm(schedule=source.schedule)
    return Rhythm(timedelta(seconds=seconds(source.every or EVERY)))


def _reach(sources: list[Source]) -> Reach:
    """The internet alone, unless a source may lie in a private network; of a database only its secret knows where it lies."""
    inside = any(source.sql or getattr(source.place, "private", False) for source in sources)
    buckets = tuple(source.s3.endpoint for source in sources if source.s3)
    return Reach(urls=buckets, outside=Outside.ANYTHING if inside else Outside.PUBLIC)


def sources_volume(index: KnowledgeIndex, placement: Placement, *, read_only: bool = False) -> VolumeMount:
    """The volume that keeps the snapshots."""
    claim, spec = naming.sources(index.metadata.name), index.spec.fetching
    path = placement.path(claim, "sources", writable=True)
    return VolumeMount("sources", path, claim, spec.size, spec.storage_class, read_only=read_only)


def snapshot_path(volume: VolumeMount, source: str, snapshot: str) -> str:
    """Folder of one snapshot; `kefu_retrieval.places.shelf` lays it out."""
    return f"{volume.path}/{source}/snapshots/{snapshot}"


def _source(source: Source, workload: str, placement: Placement, mounts: list[Mount]) -> FetchSource:
    """A source as the fetch job sees it; the mounts of its secrets are added to `mounts`."""

    def secret(what: str, reference: SecretKeyReference | None) -> str | None:
        if reference is None:
            return None
        name = f"{what}-{source.name}"
        if len(name) > MAX_VOLUME_NAME:
            name = f"{what}-{digest.of_text(source.name)[:16]}"
        mount = SecretMount(
            name, placement.path(workload, f"secrets/{source.name}/{what}"), reference.name, reference.key
        )
        mounts.append(mount)
        return f"{mount.path}/{mount.key}"

    every = 0 if source.schedule else seconds(source.every or EVERY)
    return FetchSource(name=source.name, place=_place(source, secret), every=every, schedule=source.schedule)


def _place(source: Source, secret: Callable[[str, SecretKeyReference | None], str | None]) -> document.Place:
    """The place in the words of the document."""
    if place := source.http:
        return document.HttpPlace(
            urls=place.urls, authorization_file=secret("auth", place.authorization_secret), private=place.private
        )
    if site := source.sitemap:
        return document.SitemapPlace(**site.model_dump())
    if bucket := source.s3:
        return document.S3Place(
            **bucket.model_dump(include={"endpoint", "bucket", "prefix", "region"}),
            access_key_file=secret("access", bucket.access_key_secret),
            secret_key_file=secret("key", bucket.secret_key_secret),
        )
    if repository := source.git:
        return document.GitPlace(
            **repository.model_dump(include={"url", "ref", "folder", "username", "private"}),
            password_file=secret("password", repository.password_secret),
        )
    database = source.sql
    assert database is not None  # noqa: S101 - one of the five is set
    return document.SqlPlace(
        dsn_file=secret("dsn", database.dsn_secret) or "",
        query=database.query,
        fingerprint=database.fingerprint,
        rows="FAQ" if source.format == "FAQ" else "Markdown",
    )
