"""Remote sources: what the fetch job is told, and where the ingestion finds what it brought."""

from datetime import timedelta
from typing import Any

import pytest

from kefu_api.documents.fetch import Fetch, GitPlace, HttpPlace, S3Place, SitemapPlace, SqlPlace
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Scope
from kefu_operator.desired.network import AS_IT_COMES
from kefu_operator.desired.objects import knowledge_objects, task_objects
from kefu_operator.fetching.rhythm import Rhythm
from kefu_operator.plan.fetching import plan_fetching
from kefu_operator.plan.knowledge.plan import KnowledgePlan, plan_knowledge
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.workload import DocumentMount, SecretMount
from tests.unit.test_plan.objects import index
from tests.unit.test_plan.test_knowledge import ingested

SOURCES: list[dict[str, Any]] = [
    {"name": "web", "http": {"urls": ["https://h.example/a"], "authorizationSecret": {"name": "cms", "key": "token"}}, "every": "90s"},
    {"name": "site", "sitemap": {"url": "https://h.example/sitemap.xml", "include": ["/help/"], "private": True}},
    {"name": "s3", "every": "1h", "s3": {
        "endpoint": "http://minio:9000", "bucket": "docs", "prefix": "a/",
        "accessKeySecret": {"name": "s3", "key": "access"}, "secretKeySecret": {"name": "s3", "key": "secret"},
    }},
    {"name": "git", "git": {"url": "https://h.example/r", "ref": "main", "passwordSecret": {"name": "git", "key": "token"}}},
    {"name": "erp", "format": "FAQ", "sql": {"dsnSecret": {"name": "erp", "key": "dsn"}, "query": "select 1"}},
]  # fmt: skip
DIGESTS = {source["name"]: "d" * 64 for source in SOURCES}


def plan(sources: list[dict[str, Any]] | None = None, digests: dict[str, str] | None = None) -> KnowledgePlan:
    return plan_knowledge(index({"sources": sources or SOURCES}), digests or {}, ClusterPlacement("acme"))


def fetched(planned: KnowledgePlan) -> Fetch:
    assert planned.fetching is not None
    (mount,) = (each for each in planned.fetching.task.container.mounts if isinstance(each, DocumentMount))
    return Fetch.model_validate_json(mount.files["fetch.json"])


def test_every_kind_of_place_is_told_as_it_is_meant() -> None:
    web, site, s3, git, sql = (source.place for source in fetched(plan()).sources)
    secrets = "/etc/kefu/secrets"
    assert web == HttpPlace(urls=("https://h.example/a",), authorization_file=f"{secrets}/web/auth/token")
    assert site == SitemapPlace(url="https://h.example/sitemap.xml", include=("/help/",), private=True)
    assert s3 == S3Place(
        endpoint="http://minio:9000",
        bucket="docs",
        prefix="a/",
        access_key_file=f"{secrets}/s3/access/access",
        secret_key_file=f"{secrets}/s3/key/secret",
    )
    assert git == GitPlace(url="https://h.example/r", ref="main", password_file=f"{secrets}/git/password/token")
    assert sql == SqlPlace(dsn_file=f"{secrets}/erp/dsn/dsn", query="select 1", rows="FAQ")


def test_each_file_that_the_document_names_is_mounted() -> None:
    planned = plan()
    assert planned.fetching is not None
    mounted = {
        f"{each.path}/{each.key}" for each in planned.fetching.task.container.mounts if isinstance(each, SecretMount)
    }
    named = {
        value
        for source in fetched(planned).sources
        for field, value in source.place.model_dump().items()
        if field.endswith("_file") and value
    }
    assert mounted == named and len(named) == 5


def test_the_job_runs_as_often_as_the_most_eager_source_asks_and_each_keeps_its_own_pace() -> None:
    planned = plan()
    assert planned.fetching is not None and planned.fetching.rhythms["web"] == Rhythm(timedelta(seconds=90))
    assert [source.every for source in fetched(planned).sources] == [90, 900, 3600, 900, 900]


def test_nothing_is_built_before_every_source_is_there() -> None:
    assert plan(digests=dict(list(DIGESTS.items())[:4])).version is None
    assert plan(digests=DIGESTS).version is not None


def test_a_new_snapshot_is_a_new_version_and_another_interval_is_not() -> None:
    before = plan(digests=DIGESTS).version
    assert plan(digests={**DIGESTS, "git": "e" * 64}).version != before
    slower = [{**source, "every": "2h"} for source in SOURCES]
    assert plan(slower, DIGESTS).version == before


def test_the_ingestion_reads_the_snapshots_from_a_volume_that_it_cannot_write() -> None:
    planned = plan(digests=DIGESTS)
    assert [source.path for source in ingested(planned).sources] == [
        f"/var/lib/kefu/sources/{name}/snapshots/{'d' * 64}" for name in DIGESTS
    ]
    assert planned.ingestion is not None
    job = task_objects(planned.ingestion, Scope("acme", {}, ()), Images())[-1]
    pod = job["spec"]["template"]["spec"]
    (mount,) = (each for each in pod["containers"][0]["volumeMounts"] if each["name"] == "sources")
    assert mount == {"name": "sources", "mountPath": "/var/lib/kefu/sources", "readOnly": True}
    (volume,) = (each for each in pod["volumes"] if each["name"] == "sources")
    assert volume["persistentVolumeClaim"] == {"claimName": "shop-sources"}


@pytest.mark.parametrize("remote", [False, True])
def test_the_volume_is_there_while_there_is_a_remote_source(remote: bool) -> None:
    planned = plan() if remote else plan_knowledge(index(), {}, ClusterPlacement("acme"))
    made = [
        each["metadata"]["name"] for each in knowledge_objects(planned, Scope("acme", {}, ()), Images(), AS_IT_COMES)
    ]
    assert ("shop-sources" in made) is remote


def test_other_places_make_another_job_and_an_index_without_makes_none() -> None:
    first, second = (
        plan_fetching(index({"sources": part}), ClusterPlacement("acme")) for part in (SOURCES[:1], SOURCES[:2])
    )
    assert first is not None and second is not None and first.task.name != second.task.name
    assert plan_fetching(index(), ClusterPlacement("acme")) is None
