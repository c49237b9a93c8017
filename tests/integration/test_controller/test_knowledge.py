"""An index follows its sources, one Job at a time, and remembers what it published."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hack.cluster.apiserver import ControlPlane

from kefu_operator.desired.images import DEFAULTS, Images
from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator, settings
from tests.integration.test_controller.objects import Object, config_map, endpoint_chatbot, index, report


def jobs(cluster: Cluster) -> list[str]:
    return sorted(found["metadata"]["name"] for found in cluster.all("jobs"))


def version_of(job: str) -> str:
    return job.removeprefix("shop-ingest-")


def publish(cluster: Cluster) -> str:
    """Apply an index and let its first version be published; the Job's name."""
    cluster.apply(config_map(), index())
    cluster.run_deployment("shop-milvus")
    job: str = cluster.until(lambda: jobs(cluster))[0]
    cluster.end_job(job, report(version_of(job)))
    cluster.run_deployment("shop-retrieval")
    cluster.until_reason("ki", "shop", "Ready", "Ready")
    return job


def test_a_missing_source_is_named_and_heals_when_it_appears(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(index())
    condition = cluster.until_reason("ki", "shop", "Ready", "SourceNotFound")
    assert "ConfigMap shop-faq" in condition["message"]
    assert jobs(cluster) == []
    cluster.apply(config_map())
    cluster.run_deployment("shop-milvus")
    cluster.until(lambda: jobs(cluster))
    cluster.until(lambda: cluster.condition("ki", "shop", "SourcesReady")["status"] == "True")


def test_no_job_is_made_before_the_store_is_ready(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(config_map(), index())
    cluster.until_reason("ki", "shop", "Published", "WaitingForStore")
    assert jobs(cluster) == []


def test_an_edit_brings_a_new_job_while_the_old_version_answers(cluster: Cluster, operator: RunningOperator) -> None:
    first = publish(cluster)
    cluster.apply(config_map(text="- {question: 能退货吗？, answer: 三十天内可以。}"))
    both = cluster.until(lambda: found if len(found := jobs(cluster)) == 2 else None)
    second = next(name for name in both if name != first)
    cluster.until_reason("ki", "shop", "Progressing", "Building")
    assert cluster.condition("ki", "shop", "Ready")["status"] == "True"
    status = (cluster.get("ki", "shop") or {})["status"]
    assert status["published"]["version"] == version_of(first)
    assert status["candidate"]["version"] == version_of(second)
    cluster.end_job(second, report(version_of(second)))
    cluster.until(lambda: (cluster.get("ki", "shop") or {})["status"]["published"]["version"] == version_of(second))
    # The Job of the older version has done its duty, and its documents go with it.
    cluster.until(lambda: jobs(cluster) == [second])
    cluster.until(lambda: cluster.get("configmap", first) is None)
    assert "candidate" not in (cluster.get("ki", "shop") or {})["status"]


def test_a_job_for_an_outdated_version_is_stopped_before_the_next_begins(
    cluster: Cluster, operator: RunningOperator
) -> None:
    cluster.apply(config_map(), index())
    cluster.run_deployment("shop-milvus")
    first = cluster.until(lambda: jobs(cluster))[0]
    found = cluster.get("job", first) or {}
    pod = cluster.make_pod(first, found["spec"]["template"], {"phase": "Running"})
    cluster.apply(config_map(text="- {question: 能退货吗？, answer: 三十天内可以。}"))
    cluster.until(lambda: jobs(cluster) == [])
    cluster.run("delete", "pod", pod, "--force", "--grace-period=0")
    second = cluster.until(lambda: jobs(cluster))
    assert second != [first]


def test_a_permanent_failure_waits_for_a_change_of_sources(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(config_map(), index())
    cluster.run_deployment("shop-milvus")
    first = cluster.until(lambda: jobs(cluster))[0]
    cluster.end_job(first, {"reason": "NothingToIndex", "message": "no entry", "temporary": False}, exit_code=65)
    condition = cluster.until_reason("ki", "shop", "Ready", "NothingToIndex")
    assert "no entry" in condition["message"]
    assert jobs(cluster) == [first]
    cluster.apply(config_map(text="- {question: 在吗？, answer: 在。}"))
    assert cluster.until(lambda: [name for name in jobs(cluster) if name != first])


def test_a_failing_store_is_named_while_the_job_tries_again(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(config_map(), index())
    cluster.run_deployment("shop-milvus")
    first = cluster.until(lambda: jobs(cluster))[0]
    words = {"reason": "StoreUnreachable", "message": "http://shop-milvus: refused", "temporary": True}
    cluster.end_job(first, words, exit_code=75)
    condition = cluster.until_reason("ki", "shop", "Ready", "StoreUnreachable")
    assert "refused" in condition["message"]


def test_a_job_whose_image_cannot_be_pulled_is_made_anew_when_the_installation_names_another(
    cluster: Cluster, kubeconfig: Path
) -> None:
    first = RunningOperator(settings(kubeconfig, cluster.namespace))
    cluster.apply(config_map(), index())
    cluster.run_deployment("shop-milvus")
    name = cluster.until(lambda: jobs(cluster))[0]
    template = (cluster.get("job", name) or {})["spec"]["template"]
    waiting = {"name": "ingest", "image": "kefu.local/retrieval:dev", "imageID": "", "ready": False, "restartCount": 0,
               "state": {"waiting": {"reason": "ImagePullBackOff"}}}  # fmt: skip
    status = {"phase": "Pending", "containerStatuses": [waiting]}
    pod = cluster.make_pod(name, template, status)
    cluster.until_reason("ki", "shop", "Ready", "ImagePullBackOff")
    first.stop()
    images = Images({**DEFAULTS, "retrieval": "kefu.local/retrieval:fixed"})
    second = RunningOperator(replace(settings(kubeconfig, cluster.namespace), images=images))
    cluster.until(lambda: jobs(cluster) == [])
    cluster.run("delete", "pod", pod, "--force", "--grace-period=0")
    cluster.until(lambda: jobs(cluster) == [name])
    container = (cluster.get("job", name) or {})["spec"]["template"]["spec"]["containers"][0]
    second.stop()
    assert container["image"] == "kefu.local/retrieval:fixed"


def test_a_lost_volume_is_filled_again(cluster: Cluster, operator: RunningOperator) -> None:
    job = publish(cluster)
    uid = (cluster.get("job", job) or {})["metadata"]["uid"]
    cluster.run("patch", "pvc/shop-milvus", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    cluster.run("delete", "pvc/shop-milvus", "--wait=false")
    fresh = cluster.until(
        lambda: found if (found := cluster.get("job", job)) and found["metadata"]["uid"] != uid else None
    )
    assert fresh["metadata"]["name"] == job


def test_a_missing_index_is_named_and_heals_when_it_appears(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(endpoint_chatbot())
    condition = cluster.until_reason("chatbot", "shop", "Ready", "IndexNotFound")
    assert "KnowledgeIndex shop" in condition["message"]
    publish(cluster)
    cluster.until_reason("chatbot", "shop", "KnowledgeReady", "Published")


def test_a_source_of_two_megabytes_of_unicode_names_is_no_trouble(cluster: Cluster, operator: RunningOperator) -> None:
    text = "".join(f"- {{question: 问题{number}？, answer: {'答' * 60}}}\n" for number in range(4000))
    cluster.apply(config_map(text=text), index())
    cluster.run_deployment("shop-milvus")
    assert cluster.until(lambda: jobs(cluster))


# Versions.

GOLDEN = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "shop-golden"},
    "data": {"golden.yaml": "- {question: 能退货吗？, sources: [faq/a]}"},
}
EVALUATION = {
    "questions": {"configMap": {"name": "shop-golden"}},
    "gates": [{"metric": "recallAt5", "atLeast": "0.9"}],
}
SECOND = "- {question: 能退货吗？, answer: 三十天内可以。}"


def status(cluster: Cluster) -> Object:
    found: Object = (cluster.get("ki", "shop") or {}).get("status") or {}
    return found


def published(cluster: Cluster) -> str | None:
    version: str | None = (status(cluster).get("published") or {}).get("version")
    return version


def pin(cluster: Cluster, version: str | None) -> None:
    cluster.run("patch", "ki/shop", "--type=merge", "-p", json.dumps({"spec": {"publishing": {"version": version}}}))


def judged(cluster: Cluster, job: str, score: float, *failed: Object) -> Object:
    """The judgement that a Job would report, by the document that it was given."""
    document = json.loads((cluster.get("configmap", job) or {})["data"]["index.json"])
    scores = {"questions": 1, "recallAt5": score}
    return {"judgedBy": document["evaluation"]["judgedBy"], "scores": scores, "failed": list(failed)}


def test_going_back_takes_one_small_job_and_builds_nothing(cluster: Cluster, operator: RunningOperator) -> None:
    first = version_of(publish(cluster))
    cluster.apply(config_map(text=SECOND))
    job = cluster.until(lambda: next((name for name in jobs(cluster) if version_of(name) != first), None))
    second = version_of(job)
    cluster.end_job(job, report(second, second, first))
    cluster.until(lambda: published(cluster) == second)
    assert [(each["version"], each["state"]) for each in status(cluster)["versions"]] == [
        (second, "Published"),
        (first, "Kept"),
    ]
    pin(cluster, first)
    small = cluster.until(lambda: next((name for name in jobs(cluster) if "publish" in name), None))
    assert small == f"shop-publish-{first}"
    [container] = (cluster.get("job", small) or {})["spec"]["template"]["spec"]["containers"]
    assert container["command"][3] == "publish"
    assert cluster.condition("ki", "shop", "Ready")["status"] == "True"
    cluster.end_job(small, report(first, second, first, embedded=0))
    cluster.until(lambda: published(cluster) == first)
    cluster.until(lambda: not [name for name in jobs(cluster) if "ingest" in name])
    cluster.until_reason("ki", "shop", "Ready", "Ready")
    # Letting go of the pin brings the version of the sources back, and again nothing is built.
    pin(cluster, None)
    again = f"shop-publish-{second}"
    cluster.until(lambda: cluster.get("job", again))
    cluster.end_job(again, report(second, second, first, embedded=0))
    cluster.until(lambda: published(cluster) == second)


def test_a_version_below_a_gate_is_refused_with_its_figures(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(config_map(), GOLDEN, index(evaluation=EVALUATION))
    cluster.run_deployment("shop-milvus")
    first = cluster.until(lambda: jobs(cluster))[0]
    volumes = (cluster.get("job", first) or {})["spec"]["template"]["spec"]["volumes"]
    assert "shop-golden" in [volume.get("configMap", {}).get("name") for volume in volumes]
    version = first.split("-")[2]
    cluster.end_job(first, report(version, judgement=judged(cluster, first, 1.0)))
    cluster.until_reason("ki", "shop", "Evaluated", "Evaluated")
    assert status(cluster)["published"]["scores"] == {"questions": 1, "recallAt5": "1"}
    cluster.apply(config_map(text=SECOND))
    second = cluster.until(lambda: next((name for name in jobs(cluster) if name != first), None))
    failed = {"metric": "recallAt5", "atLeast": 0.9, "value": 0.5}
    verdict = judged(cluster, second, 0.5, failed)
    cluster.end_job(second, report(second.split("-")[2], published=False, judgement=verdict))
    condition = cluster.until_reason("ki", "shop", "Evaluated", "GatesFailed")
    assert "recallAt5 0.5, below 0.9" in condition["message"]
    assert published(cluster) == version
    assert status(cluster)["candidate"]["phase"] == "Refused"
    # Questions that a person has corrected are asked again.
    cluster.apply({**GOLDEN, "data": {"golden.yaml": "- {question: 能退货吗？, sources: [faq/b]}"}})
    third = cluster.until(lambda: next((name for name in jobs(cluster) if name not in (first, second)), None))
    assert third.split("-")[2] == second.split("-")[2]
    cluster.end_job(third, report(second.split("-")[2], judgement=judged(cluster, third, 1.0)))
    cluster.until(lambda: published(cluster) == second.split("-")[2])


def test_missing_questions_are_named_and_nothing_is_built(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(config_map(), index(evaluation=EVALUATION))
    cluster.run_deployment("shop-milvus")
    condition = cluster.until_reason("ki", "shop", "Evaluated", "QuestionsNotFound")
    assert "ConfigMap shop-golden" in condition["message"]
    assert jobs(cluster) == []
    cluster.apply(GOLDEN)
    assert cluster.until(lambda: jobs(cluster))


def test_publishing_by_hand_waits_for_a_person(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(config_map(), index(publishing={"mode": "Manual"}))
    cluster.run_deployment("shop-milvus")
    job = cluster.until(lambda: jobs(cluster))[0]
    version = job.split("-")[2]
    document = json.loads((cluster.get("configmap", job) or {})["data"]["index.json"])
    assert document["publish"] is False
    cluster.end_job(job, report(version, published=False))
    cluster.until_reason("ki", "shop", "Published", "AwaitingPublication")
    assert [each["state"] for each in status(cluster)["versions"]] == ["Candidate"]
    pin(cluster, "v0123456789")
    condition = cluster.until_reason("ki", "shop", "Published", "VersionNotFound")
    assert version in condition["message"]
    pin(cluster, version)
    small = f"shop-publish-{version}"
    cluster.until(lambda: cluster.get("job", small))
    cluster.end_job(small, report(version, embedded=0))
    cluster.until(lambda: published(cluster) == version)


NEWER = "sometimeLater"
"""A field of the spec that this operator does not know."""


@pytest.fixture
def newer_definition(plane: ControlPlane) -> Iterator[None]:
    """A CRD that lets such fields pass, from before the operator's watch begins: one that is open judges by the older CRD."""
    admin, crd = Cluster(plane, "default"), "knowledgeindexes.kefu.dev"
    path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-preserve-unknown-fields"

    def change(operation: str) -> None:
        patch = {"op": operation, "path": path} | ({"value": True} if operation == "add" else {})
        admin.run("patch", "crd", crd, "--type=json", "-p", json.dumps([patch]))

    def is_served() -> bool:
        try:
            admin.apply(newer("tried"))
        except AssertionError:
            return False
        return NEWER in (admin.get("ki", "tried") or {})["spec"]

    change("add")
    admin.until(is_served)
    yield
    admin.run("delete", "ki", "tried")
    change("remove")
    admin.close()


def newer(name: str = "shop") -> Object:
    made = index(name)
    made["spec"][NEWER] = True
    return made


def test_a_spec_of_a_newer_version_costs_nothing_that_the_status_remembers(
    cluster: Cluster, newer_definition: None, operator: RunningOperator
) -> None:
    job = publish(cluster)
    before = (cluster.get("ki", "shop") or {})["status"]
    cluster.apply(newer())
    assert f"spec.{NEWER}" in cluster.until_reason("ki", "shop", "Ready", "InvalidSpec")["message"]
    status = (cluster.get("ki", "shop") or {})["status"]
    told = ("conditions", "observedGeneration")
    assert {name: value for name, value in status.items() if name not in told} == {
        name: value for name, value in before.items() if name not in told
    }
    cluster.apply(index())
    cluster.until_reason("ki", "shop", "Ready", "Ready")
    assert jobs(cluster) == [job]
