import json
from typing import Any

import pytest

from kefu_api import digest
from kefu_api.documents.index import (
    Boosts,
    EndpointReranker,
    Freshness,
    Index,
    ModelEmbedding,
    ModelReranker,
    Reranking,
    TritonEmbedding,
)
from kefu_operator.desired.images import Images
from kefu_operator.desired.job import job
from kefu_operator.desired.metadata import Owner, owned
from kefu_operator.plan.knowledge.plan import KnowledgePlan, plan_knowledge
from kefu_operator.plan.knowledge.version import QUESTIONS
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.workload import ClaimMount, ConfigMapMount, DocumentMount, SecretMount, Workload
from tests.unit.test_plan.objects import index

DIGEST = digest.of_files({"faq.yaml": "- {question: a, answer: b}"})


def plan(spec: dict[str, Any] | None = None, name: str = "shop", namespace: str = "acme") -> KnowledgePlan:
    return plan_knowledge(index(spec, name, namespace), {"faq": DIGEST}, ClusterPlacement(namespace))


def document(workload: Workload) -> Index:
    (mount,) = (mount for mount in workload.container.mounts if isinstance(mount, DocumentMount))
    return Index.model_validate_json(mount.files["index.json"])


def ingested(plan: KnowledgePlan) -> Index:
    assert plan.ingestion is not None
    (mount,) = (mount for mount in plan.ingestion.container.mounts if isinstance(mount, DocumentMount))
    return Index.model_validate_json(mount.files["index.json"])


def test_equal_sources_have_equal_versions() -> None:
    assert plan().version == plan().version


@pytest.mark.parametrize(
    "spec",
    [
        {"chunking": {"tokens": 128}},
        {"embedding": {"endpoint": {"url": "http://e", "model": "m", "dimension": 8}}},
        {"sources": [{"name": "faq", "format": "Markdown", "configMap": {"name": "shop-faq"}}]},
        {"sources": [{"name": "faq", "format": "FAQ", "inline": "- {question: a, answer: c}"}]},
    ],
)
def test_whatever_changes_chunks_or_vectors_changes_the_version(spec: dict[str, Any]) -> None:
    assert plan(spec).version != plan().version


def test_search_settings_do_not_change_the_version() -> None:
    assert plan({"search": {"topK": 3}}).version == plan().version


def test_a_missing_source_leaves_the_version_open_and_the_service_running() -> None:
    missing = plan_knowledge(index(), {}, ClusterPlacement("acme"))
    assert missing.version is None
    assert missing.ingestion is None
    assert missing.retrieval.name == "shop-retrieval"


def test_the_job_reads_the_config_map_where_its_document_says() -> None:
    job = plan().ingestion
    assert job is not None
    (mount,) = (mount for mount in job.container.mounts if isinstance(mount, ConfigMapMount))
    (source,) = ingested(plan()).sources
    assert (mount.config_map, mount.path) == ("shop-faq", source.path)
    assert source.digest == DIGEST


def test_an_inline_source_travels_in_the_document() -> None:
    text = "# Returns\n7 days."
    (source,) = ingested(plan({"sources": [{"name": "page", "format": "Markdown", "inline": text}]})).sources
    assert (source.inline, source.path, source.digest) == (text, None, digest.of_text(text))


def test_the_columns_of_a_table_reach_the_job_and_name_the_version() -> None:
    def table(columns: dict[str, Any] | None) -> KnowledgePlan:
        source = {"name": "faq", "format": "CSV", "configMap": {"name": "shop-faq"}}
        return plan({"sources": [source | ({"columns": columns} if columns else {})]})

    (source,) = ingested(table({"title": "名称", "text": ["说明"]})).sources
    assert source.format == "CSV"
    assert source.columns is not None
    assert (source.columns.title, source.columns.text, source.columns.id) == ("名称", ("说明",), None)
    versions = {table(columns).version for columns in (None, {"title": "名称"}, {"title": "说明"})}
    assert len(versions) == 3


def test_a_source_without_a_format_tells_it_by_each_file() -> None:
    (source,) = ingested(plan({"sources": [{"name": "faq", "configMap": {"name": "shop-faq"}}]})).sources
    assert source.format == "Auto"


def test_what_readers_follow_does_not_change_with_the_sources() -> None:
    before = document(plan().retrieval)
    after = document(plan_knowledge(index(), {"faq": "f" * 64}, ClusterPlacement("acme")).retrieval)
    assert before == after


def test_names_that_differ_only_by_a_hyphen_have_different_aliases() -> None:
    one = document(plan(name="b", namespace="a-x").retrieval).store.alias
    two = document(plan(name="x-b", namespace="a").retrieval).store.alias
    assert one != two


def test_aliases_hold_only_what_milvus_allows() -> None:
    alias = document(plan(name="my-shop-2").retrieval).store.alias
    assert alias.replace("_", "").isalnum()


def test_an_external_store_is_not_run_and_its_token_is_mounted() -> None:
    external = {"uri": "http://milvus:19530", "database": "acme", "credentialsSecret": {"name": "m", "key": "token"}}
    planned = plan({"store": {"external": external}})
    assert planned.store.workload is None
    assert document(planned.retrieval).store.token_file == "/etc/kefu/store-token/token"
    assert SecretMount("store-token", "/etc/kefu/store-token", "m", "token") in planned.retrieval.container.mounts


def test_an_external_store_is_spoken_to_as_its_spec_says() -> None:
    external = {"uri": "https://milvus:19530", "caSecret": {"name": "m", "key": "ca.crt"}, "consistency": "Strong"}
    planned = plan({"store": {"external": external}})
    assert planned.ingestion is not None
    for container in (planned.retrieval.container, planned.ingestion.container):
        assert SecretMount("store-ca", "/etc/kefu/store-ca", "m", "ca.crt") in container.mounts
    store = document(planned.retrieval).store
    assert (store.ca_file, store.consistency) == ("/etc/kefu/store-ca/ca.crt", "Strong")


def test_documents_are_the_same_bytes_each_time() -> None:
    assert json.loads(document(plan().retrieval).to_json()) == json.loads(document(plan().retrieval).to_json())
    assert document(plan().retrieval).to_json() == document(plan().retrieval).to_json()


def test_a_model_folder_is_mounted_where_job_and_service_look_for_it() -> None:
    made = plan({"embedding": {"model": {"uri": "pvc://models/bge/small"}}})
    assert made.ingestion is not None
    for container, read in (
        (made.ingestion.container, ingested(made)),
        (made.retrieval.container, document(made.retrieval)),
    ):
        (mount,) = (mount for mount in container.mounts if isinstance(mount, ClaimMount))
        assert mount.claim == "models"
        assert read.embedding == ModelEmbedding(path=f"{mount.path}/bge/small")


def test_a_model_folder_of_this_machine_needs_no_mount() -> None:
    made = plan({"embedding": {"model": {"uri": "file:///models/bge"}}})
    assert ingested(made).embedding == ModelEmbedding(path="/models/bge")


def test_a_triton_and_the_share_that_may_be_lost_reach_the_job() -> None:
    triton = {"url": "http://triton.ml:8000", "model": "encoder", "dimension": 384}
    read = ingested(plan({"embedding": {"triton": triton}, "publishing": {"maxLoss": "0.2"}}))
    assert read.embedding == TritonEmbedding(url="http://triton.ml:8000", model="encoder", dimension=384)
    assert read.max_loss == 0.2


def judged(spec: dict[str, Any]) -> KnowledgePlan:
    """A plan with golden questions."""
    golden = {"evaluation": {"questions": {"configMap": {"name": "golden"}}}}
    digests = {"faq": DIGEST, QUESTIONS: DIGEST}
    return plan_knowledge(index({**golden, **spec}, "shop", "acme"), digests, ClusterPlacement("acme"))


def test_a_reranker_and_its_key_reach_what_searches_and_name_no_version() -> None:
    endpoint = {"url": "http://rerank.ml:8080", "model": "bge", "apiKeySecret": {"name": "rerank", "key": "token"}}
    spec = {"reranker": {"endpoint": endpoint, "candidates": 20, "budgetMilliseconds": 250}}
    made, plain = judged(spec), plan(spec)
    by = EndpointReranker(url="http://rerank.ml:8080", model="bge", api_key_file="/etc/kefu/reranker-key/token")
    for read in (ingested(made), document(made.retrieval)):
        assert read.reranking == Reranking(by=by, candidates=20, budget_seconds=0.25)
    assert SecretMount("reranker-key", "/etc/kefu/reranker-key", "rerank", "token") in made.retrieval.container.mounts
    assert "http://rerank.ml:8080" in made.reach.urls
    assert made.version == plan().version
    assert ingested(plain).reranking is None, "a job that judges nothing searches nothing"
    assert all(mount.name != "reranker-key" for task in made.publications.values() for mount in task.container.mounts)


def test_a_reranker_and_an_embedding_are_mounted_beside_each_other() -> None:
    template = "{query} {document}"
    models = {"reranker": {"model": {"uri": "pvc://models/rank", "template": template}}}
    made = plan({"embedding": {"model": {"uri": "pvc://models/bge"}}, **models})
    mounts = {mount.name: mount for mount in made.retrieval.container.mounts if isinstance(mount, ClaimMount)}
    assert set(mounts) == {"embedding-model", "reranker-model"}
    read = document(made.retrieval).reranking
    assert read and read.by == ModelReranker(path=f"{mounts['reranker-model'].path}/rank", template=template)
    here = document(plan({"reranker": {"model": {"uri": "file:///models/rank"}}}).retrieval).reranking
    assert here and here.by == ModelReranker(path="/models/rank")


def test_another_reranker_is_judged_anew() -> None:
    chat = {"chat": {"url": "http://q", "model": "m"}}
    specs: list[dict[str, Any]] = [{}, {"reranker": chat}, {"reranker": {**chat, "candidates": 5}}]
    assert len({judged(spec).judged_by for spec in specs}) == 3


def test_calibration_by_the_formula_is_judged_anew_and_reaches_the_job() -> None:
    golden = {"questions": {"configMap": {"name": "golden"}}}
    off = judged({"evaluation": {**golden, "calibration": "Off"}})
    asked, plain = ingested(off).evaluation, ingested(judged({})).evaluation
    assert asked and plain
    assert (asked.calibration, plain.calibration) == ("Off", None)
    assert off.judged_by != judged({}).judged_by == judged({"evaluation": {**golden, "calibration": "Auto"}}).judged_by


def test_boosts_reach_what_searches_and_are_judged_anew() -> None:
    boosts = {"freshness": {"halfLifeDays": 90, "weight": "0.3"}, "tags": [{"tag": "official", "factor": "1.2"}]}
    made = judged({"search": {"boosts": boosts}})
    told = Boosts(freshness=Freshness(half_life_days=90, weight=0.3), tags={"official": 1.2})
    assert document(made.retrieval).search.boosts == ingested(made).search.boosts == told
    assert document(plan().retrieval).search.boosts is None
    assert made.judged_by != judged({}).judged_by
    assert made.version == plan().version


def test_many_build_one_version_and_name_it_alike() -> None:
    made = plan({"ingestion": {"parallelism": 8}})
    assert made.ingestion is not None
    assert (made.version, made.ingestion.name) == (plan().version, plan().ingestion.name)  # type: ignore[union-attr]
    assert (made.ingestion.parallelism, made.ingestion.together, ingested(made).shards) == (8, False, 8)
    assert ingested(plan()).shards is None
    assert document(made.retrieval) == document(plan().retrieval), "what searches need not know"
    assert all(task.parallelism == 1 for task in made.publications.values())


def test_many_that_share_a_volume_run_on_one_node() -> None:
    http = {"name": "faq", "http": {"urls": ["https://shop.example/faq.yaml"]}}
    made = plan({"ingestion": {"parallelism": 3}, "sources": [http]})
    assert made.ingestion is not None
    spec = job(made.ingestion, owned("acme", Owner("KnowledgeIndex", "shop", "uid")), Images())["spec"]
    (term,) = spec["template"]["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["labelSelector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()
    assert "topologySpreadConstraints" not in spec["template"]["spec"]


def test_the_longest_name_leaves_room_for_the_numbers_of_many_pods() -> None:
    golden = {"evaluation": {"questions": {"configMap": {"name": "golden"}}}}

    def name(index_name: str, parallelism: int) -> str:
        spec = {**golden, "ingestion": {"parallelism": parallelism}}
        task = plan_knowledge(
            index(spec, index_name), {"faq": DIGEST, QUESTIONS: DIGEST}, ClusterPlacement("a")
        ).ingestion
        assert task is not None
        return task.name

    assert len(name("a" * 40, 1)) == 63
    assert len(f"{name('a' * 40, 64)}-63") <= 63, "a pod is called so by its Job"
    assert name("a" * 37, 64) == name("a" * 37, 1)
