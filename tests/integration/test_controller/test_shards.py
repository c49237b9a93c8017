"""An index whose versions several pods build: one Indexed Job, of which the first pod reports and any may fail."""

import json
from typing import Any

import pytest

from tests.integration.test_controller.cluster import Cluster, ended_job, now
from tests.integration.test_controller.conftest import RunningOperator
from tests.integration.test_controller.objects import Object, config_map, index, report

PODS = 3
MOMENT = {"status": "True", "lastProbeTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"}


@pytest.fixture
def job(cluster: Cluster, operator: RunningOperator) -> Object:
    """As the API server took it."""
    cluster.apply(config_map(), index(ingestion={"parallelism": PODS}))
    cluster.run_deployment("shop-milvus")
    return cluster.until(lambda: cluster.all("jobs"))[0]


def end_pod(
    cluster: Cluster, job: Object, number: int, message: Object | str, exit_code: int = 0, attempt: int = 0
) -> None:
    """Let one of its pods end with these last words."""
    text = message if isinstance(message, str) else json.dumps(message)
    reason = "Error" if exit_code else "Completed"
    ended = {"exitCode": exit_code, "reason": reason, "message": text, "finishedAt": now(), "startedAt": now()}
    container = {"name": "ingest", "image": "x", "imageID": "", "ready": False, "restartCount": 0,
                 "state": {"terminated": ended}}  # fmt: skip
    status = {"phase": "Failed" if exit_code else "Succeeded", "containerStatuses": [container]}
    name = job["metadata"]["name"]
    cluster.make_pod(name, job["spec"]["template"], status, suffix=f"{number}-{attempt}", number=number)


def part(job: Object, number: int) -> Object:
    """What a pod says that does not lead."""
    return {"version": version_of(job), "shard": number, "shards": PODS, "chunks": 1, "embedded": 1}


def version_of(job: Object) -> str:
    return str(job["metadata"]["name"]).removeprefix("shop-ingest-")


def status_of(cluster: Cluster) -> dict[str, Any]:
    found: dict[str, Any] = (cluster.get("ki", "shop") or {}).get("status", {})
    return found


def test_the_api_server_takes_the_job_whatever_the_index_is_called(cluster: Cluster, job: Object) -> None:
    spec = job["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", PODS, PODS)
    assert (spec["backoffLimitPerIndex"], spec["maxFailedIndexes"]) == (5, 0)
    document = json.loads((cluster.get("configmap", job["metadata"]["name"]) or {})["data"]["index.json"])
    assert document["shards"] == PODS
    longest = "a" * 40
    cluster.apply(index(longest, ingestion={"parallelism": 64}))
    cluster.run_deployment(f"{longest}-milvus")
    made = cluster.until(lambda: [each for each in cluster.all("jobs") if each["metadata"]["name"].startswith(longest)])
    assert made[0]["spec"]["completions"] == 64


def test_what_the_first_pod_reports_is_published_whenever_the_others_end(cluster: Cluster, job: Object) -> None:
    end_pod(cluster, job, 2, part(job, 2))
    end_pod(cluster, job, 1, "", exit_code=137)
    end_pod(cluster, job, 1, part(job, 1), attempt=1)
    cluster.until(lambda: status_of(cluster).get("candidate", {}).get("phase") == "Building")
    volume = (cluster.get("pvc", "shop-milvus") or {})["metadata"]["uid"]
    end_pod(cluster, job, 0, report(version_of(job), volume=volume))
    cluster.patch_status("job", job["metadata"]["name"], ended_job(pods=PODS) | {"completedIndexes": "0-2"})
    cluster.until(lambda: status_of(cluster).get("published", {}).get("version") == version_of(job))
    assert "candidate" not in status_of(cluster)
    assert [each["metadata"]["uid"] for each in cluster.all("jobs")] == [job["metadata"]["uid"]]


def test_a_pod_that_fails_for_good_ends_the_job_and_says_why(cluster: Cluster, job: Object) -> None:
    end_pod(cluster, job, 1, {"reason": "EmbeddingFailed", "message": "401 of the endpoint", "temporary": False}, 65)
    end_pod(cluster, job, 2, "Terminated", 143)
    end_pod(cluster, job, 0, "Terminated", 143)
    cluster.patch_status("job", job["metadata"]["name"], ended_job(failed=True, pods=PODS))
    condition = cluster.until_reason("ki", "shop", "Published", "EmbeddingFailed")
    assert "401 of the endpoint" in condition["message"]
    assert [each["metadata"]["uid"] for each in cluster.all("jobs")] == [job["metadata"]["uid"]], "in vain to try again"


def test_a_pod_that_fails_and_is_tried_again_is_named_and_ends_nothing(cluster: Cluster, job: Object) -> None:
    end_pod(cluster, job, 1, {"reason": "StoreUnreachable", "message": "no answer", "temporary": True}, 75)
    cluster.until_reason("ki", "shop", "Published", "StoreUnreachable")
    assert status_of(cluster)["candidate"]["phase"] == "Building"


def test_another_number_counts_from_the_next_build_on(cluster: Cluster, job: Object) -> None:
    cluster.apply(index(ingestion={"parallelism": 5}))
    generation = (cluster.get("ki", "shop") or {})["metadata"]["generation"]
    cluster.until(lambda: status_of(cluster).get("observedGeneration") == generation)
    assert [each["spec"]["completions"] for each in cluster.all("jobs")] == [PODS]
    cluster.apply(config_map(text="- {question: 在吗？, answer: 在。}"))
    cluster.until(lambda: [each["spec"]["completions"] for each in cluster.all("jobs")] == [5])
