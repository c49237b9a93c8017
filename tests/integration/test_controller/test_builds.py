"""The life of a compiled engine on a real API server: its Job's status is written by the test, for no GPU is here to run it."""

from typing import Any

from tests.integration.test_controller.cluster import Cluster, ended_job
from tests.integration.test_controller.conftest import RunningOperator
from tests.integration.test_controller.objects import chatbot, run_chatbot, run_gateways_for

MODEL = {"uri": "hf://Qwen/Qwen3-8B"}
ENGINES = "kefu.dev/engine"


def compiled(**options: Any) -> dict[str, Any]:
    engine = {"tensorrtLlm": {"backend": "tensorrt", **options}, "accelerator": {"class": "nvidia"}}
    return chatbot(model=MODEL, engine=engine)


def engines(cluster: Cluster) -> list[str]:
    return [each["metadata"]["name"] for each in cluster.all("deployments", ENGINES)]


def jobs(cluster: Cluster) -> list[str]:
    return [
        each["metadata"]["name"] for each in cluster.all("jobs", ENGINES) if "deletionTimestamp" not in each["metadata"]
    ]


def release(cluster: Cluster) -> str:
    return str((cluster.get("configmap", "shop-release") or {}).get("data"))


def end(cluster: Cluster, job: str, *, failed: bool = False) -> None:
    """As the Job controller tells it."""
    cluster.patch_status("job", job, ended_job(failed=failed, failure="BackoffLimitExceeded"))


def run_engine(cluster: Cluster, name: str) -> None:
    """Let the engine of a release on its way run, and the gateways that may call it."""
    run_gateways_for(cluster, name)
    cluster.run_deployment(name)


def test_an_engine_is_built_served_reused_and_built_anew(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(chatbot())
    (old,) = cluster.until(lambda: engines(cluster))
    cluster.run_deployment(old)
    run_chatbot(cluster)
    cluster.until_reason("chatbot", "shop", "EngineReady", "Running")
    cluster.until(lambda: old in release(cluster))

    # The engine before serves while the next one is built.
    cluster.apply(compiled())
    (first,) = cluster.until(lambda: jobs(cluster))
    told = cluster.until_reason("chatbot", "shop", "Released", "WaitingForEngine")
    assert first in told["message"]
    assert cluster.condition("chatbot", "shop", "EngineReady")["status"] == "True"
    assert cluster.condition("chatbot", "shop", "Progressing")["status"] == "True"
    assert engines(cluster) == [old]
    assert old in release(cluster)
    job = cluster.get("job", first) or {}
    volume = cluster.get("pvc", first) or {}
    assert [owner["uid"] for owner in job["metadata"]["ownerReferences"]] == [volume["metadata"]["uid"]]

    # A failure is told with the Job's reason, and a deleted Job is made anew.
    end(cluster, first, failed=True)
    told = cluster.until_reason("chatbot", "shop", "Released", "EngineBuildFailed")
    assert "BackoffLimitExceeded: Job has reached its end" in told["message"]
    assert cluster.condition("chatbot", "shop", "EngineReady")["status"] == "True"
    assert engines(cluster) == [old]
    cluster.run("delete", "job", first, "--cascade=background", "--wait=true")
    cluster.until(lambda: (cluster.get("job", first) or job)["metadata"]["uid"] != job["metadata"]["uid"])
    cluster.until_reason("chatbot", "shop", "Released", "WaitingForEngine")

    # Built: the engine comes; when it answers, customers are sent to it, and the one before goes.
    end(cluster, first)
    (new,) = cluster.until(lambda: [each for each in engines(cluster) if each != old])
    assert old in engines(cluster)
    run_engine(cluster, new)
    cluster.until(lambda: engines(cluster) == [new])
    cluster.until(lambda: new in release(cluster) and old not in release(cluster))
    cluster.until_reason("chatbot", "shop", "EngineReady", "Running")

    # What only the server reads makes another engine of the same build.
    uid = (cluster.get("job", first) or {})["metadata"]["uid"]
    cluster.apply(compiled(args=["--enable_chunked_prefill"]))
    (reused,) = cluster.until(lambda: [each for each in engines(cluster) if each != new])
    run_engine(cluster, reused)
    cluster.until(lambda: engines(cluster) == [reused])
    assert (cluster.get("job", first) or {})["metadata"]["uid"] == uid

    # What goes into the build makes another one; what nobody wants any more goes.
    cluster.apply(compiled(maxBatchSize=8))
    (second,) = cluster.until(lambda: [each for each in jobs(cluster) if each != first])
    cluster.until_reason("chatbot", "shop", "Released", "WaitingForEngine")
    assert engines(cluster) == [reused]
    assert reused in release(cluster)
    end(cluster, second)
    (last,) = cluster.until(lambda: [each for each in engines(cluster) if each != reused])
    run_engine(cluster, last)
    cluster.until(lambda: engines(cluster) == [last])
    cluster.until(lambda: jobs(cluster) == [second])
    cluster.until(
        lambda: all(
            "deletionTimestamp" in each["metadata"]
            for each in cluster.all("pvc", ENGINES)
            if each["metadata"]["labels"][ENGINES] == first
        )
    )
