"""Pushed sources: what the service tells in its log becomes what the index is built of, one version after the other."""

import json
from datetime import UTC, datetime
from typing import Any

from kefu_api import digest
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_operator.gather.knowledge import KnowledgeFacts
from kefu_operator.naming import push_key
from kefu_operator.plan.knowledge.plan import plan_knowledge
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.workload import DocumentMount
from kefu_operator.pods import PodView
from kefu_operator.reconcile.pushing import check_pushed, pushed_sources

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ONE, TWO = digest.of_text("one"), digest.of_text("two")
URL = "http://shop-push.acme.svc:8082/v1/push/cms"


def index(*, status: dict[str, Any] | None = None, sources: list[dict[str, Any]] | None = None) -> KnowledgeIndex:
    listed = sources or [{"name": "faq", "inline": "x"}, {"name": "cms", "push": {}}]
    return KnowledgeIndex.model_validate({
        "apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex", "metadata": {"name": "shop", "namespace": "acme"},
        "spec": {"sources": listed}, **({"status": status} if status else {}),
    })  # fmt: skip


def pod(held: dict[str, str] | None, name: str = "p") -> PodView:
    sources = {
        source: {"digest": each, "files": 2, "at": "2026-01-01T11:00:00Z"} for source, each in (held or {}).items()
    }
    line = json.dumps({"time": "t", "level": "info", "logger": "l", "message": "holding", "sources": sources})
    return PodView(name=name, component="push", log_line="pushed" if held is None else line)


def facts(found: KnowledgeIndex, *pods: PodView, building: bool = False) -> KnowledgeFacts:
    labels = {"app.kubernetes.io/name": "kefu-ingestion"}
    job = {"kind": "Job", "metadata": {"name": "shop-ingest-v1", "labels": labels, "uid": "u",
                                       "creationTimestamp": "2026-01-01T11:59:00Z"}, "status": {"active": 1}}  # fmt: skip
    return KnowledgeFacts({}, found, {}, (), (job,) if building else (), pods)


def remembered(held: str) -> KnowledgeIndex:
    return index(status={"sources": [{"name": "cms", "digest": held, "files": 1, "at": "2026-01-01T10:00:00Z"}]})


def test_a_source_waits_for_its_first_document_and_says_where() -> None:
    (source,) = pushed_sources(facts(index(), pod({})), NOW)
    assert (source.digest, source.url) == (None, URL)
    (check,) = check_pushed([source])
    assert check.message == f"source cms waits for its first document at {URL}"


def test_what_the_service_tells_is_taken_over() -> None:
    (source,) = pushed_sources(facts(remembered(ONE), pod({"cms": TWO})), NOW)
    assert (source.digest, source.files, source.at) == (TWO, 2, "2026-01-01T11:00:00Z")


def test_while_the_service_is_silent_what_was_known_stands() -> None:
    for pods in ((), (pod(None),)):
        (source,) = pushed_sources(facts(remembered(ONE), *pods), NOW)
        assert (source.digest, source.files) == (ONE, 1)


def test_what_comes_while_a_version_is_built_waits_until_it_is() -> None:
    (source,) = pushed_sources(facts(remembered(ONE), pod({"cms": TWO}), building=True), NOW)
    assert source.digest == ONE


def test_a_source_that_is_new_does_not_wait_for_the_build_of_others() -> None:
    (source,) = pushed_sources(facts(index(), pod({"cms": TWO}), building=True), NOW)
    assert source.digest == TWO


def test_a_line_that_only_looks_like_it_is_passed_over() -> None:
    for line in ('{"message": "holding"}', '{"message": "holding", "sources": {"cms": {"digest": 1}}}', "[]", "{"):
        (source,) = pushed_sources(facts(remembered(ONE), PodView(name="p", component="push", log_line=line)), NOW)
        assert source.digest == ONE


def test_the_version_follows_what_is_pushed_and_leaves_out_what_is_empty() -> None:
    place = ClusterPlacement("acme")
    empty = plan_knowledge(index(), {}, place)
    filled = plan_knowledge(index(), {"cms": ONE}, place)
    assert empty.version and filled.version and empty.version != filled.version
    assert plan_knowledge(index(), {"cms": ONE}, place).version == filled.version
    assert empty.ingestion and filled.ingestion
    built = [
        json.loads(mount.files["index.json"])
        for task in (empty.ingestion, filled.ingestion)
        for mount in task.container.mounts
        if isinstance(mount, DocumentMount)
    ]
    assert [[source["name"] for source in each["sources"]] for each in built] == [["faq"], ["faq", "cms"]]
    assert filled.ingestion.beside == "shop-push", "a volume that one node holds"


def test_an_index_of_pushed_sources_alone_is_built_when_something_came() -> None:
    alone = index(sources=[{"name": "cms", "push": {}}])
    assert plan_knowledge(alone, {}, ClusterPlacement("acme")).version is None
    assert plan_knowledge(alone, {"cms": ONE}, ClusterPlacement("acme")).version


def test_names_of_keys_fit_a_label_and_differ() -> None:
    long = [push_key("i" * 40, f"{'s' * 60}{end}") for end in "ab"]
    assert all(len(name) <= 63 for name in long)
    assert len(set(long)) == 2
