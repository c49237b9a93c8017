"""LoRA adapters that come and go by steps, in an engine that others share."""

import json
from pathlib import Path
from typing import Any

from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator, settings
from tests.integration.test_controller.objects import chatbot, run_chatbot
from tests.integration.test_controller.test_engines import engines, owners
from tests.integration.test_controller.test_releases import SLOW, releases, settled

Object = dict[str, Any]

ABORTED = {"decision": {"release": "r2", "verdict": "Abort"}}


def gradual(*adapters: Object, **rollout: Any) -> Object:
    model = {"uri": "hf://a/b", "tokenSecret": {"name": "hub", "key": "token"}, "adapters": list(adapters)}
    return chatbot("shop", engine={"vllm": {}}, model=model, rollout=SLOW | rollout)


def adapter(rank: int, name: str = "voice") -> Object:
    return {"name": name, "uri": f"hf://acme/{name}", "rank": rank}


def listed(cluster: Cluster) -> list[str]:
    """Adapters that the engine is to have."""
    found = cluster.all("configmaps", "kefu.dev/engine")
    return [each["uri"] for each in json.loads(found[0]["data"]["adapters.json"])["adapters"]] if found else []


def generation(cluster: Cluster) -> int:
    (engine,) = engines(cluster)
    return int(engine["metadata"]["generation"])


def test_a_canary_with_the_first_adapter_changes_the_shared_engine_once_and_never_when_it_is_taken_back(
    cluster: Cluster, kubeconfig: Path
) -> None:
    running = RunningOperator(settings(kubeconfig, cluster.namespace))
    plain = gradual()
    del plain["spec"]["rollout"]
    plain["metadata"]["name"] = "outlet"
    cluster.apply(plain, gradual())
    cluster.until(lambda: owners(cluster) == [["outlet", "shop"]])
    name = engines(cluster)[0]["metadata"]["name"]
    cluster.run_deployment(name)
    run_chatbot(cluster)
    cluster.until(lambda: settled(cluster, "r1"))
    before = generation(cluster)

    cluster.apply(gradual(adapter(16)))
    cluster.until(lambda: listed(cluster) == ["hf://acme/voice"])
    cluster.until(lambda: generation(cluster) == before + 1)
    cluster.apply(gradual(adapter(16), **ABORTED))
    cluster.until_reason("chatbot", "shop", "Released", "ReleaseAborted")
    cluster.until(lambda: listed(cluster) == [])
    assert "--enable-lora" in engines(cluster)[0]["spec"]["template"]["spec"]["containers"][0]["command"]
    assert generation(cluster) == before + 1

    # One of a greater rank is one change more, and going back from it none.
    cluster.apply(gradual(adapter(64, "deep")))
    cluster.until(lambda: listed(cluster) == ["hf://acme/deep"])
    cluster.until(lambda: generation(cluster) == before + 2)
    cluster.apply(gradual())
    cluster.until(lambda: listed(cluster) == [])
    cluster.until(lambda: "candidate" not in releases(cluster))
    cluster.apply(gradual(adapter(32)))
    cluster.until(lambda: listed(cluster) == ["hf://acme/voice"])
    # The engine is looked at before its chatbot, whose status comes last.
    cluster.until(lambda: "candidate" in releases(cluster))
    assert generation(cluster) == before + 2

    running.stop()
    since = cluster.audit_end
    running = RunningOperator(settings(kubeconfig, cluster.namespace))
    cluster.until(lambda: running.is_ready)
    cluster.run("scale", "chatbot/outlet", "--replicas=2")
    cluster.until(lambda: engines(cluster)[0]["spec"]["replicas"] == 2)
    running.stop()
    assert generation(cluster) == before + 3, "the number of pods"
    written = [each["objectRef"] for each in cluster.writes(since) if each["objectRef"]["resource"] != "events"]
    assert sorted(each["resource"] for each in written if each["name"] == name) == [
        "deployments",
        "poddisruptionbudgets",
    ]
    assert {each["name"] for each in written} <= {name, "shop", "outlet"}


KEYS = {"accessKeySecret": {"name": "loras", "key": "id"}, "secretKeySecret": {"name": "loras", "key": "secret"}}


def ready_for_adapters(name: str, *uris: str) -> Object:
    adapters = [{"name": uri.rstrip("/").rpartition("/")[2], "uri": uri} for uri in uris]
    bucket = {"s3": {"endpoint": "https://s3.example", **KEYS}} if uris else {}
    model = {"uri": "hf://a/b", "adapters": adapters, **bucket}
    return chatbot(name, engine={"vllm": {"lora": {"maxRank": 16}}}, model=model)


def volumes(cluster: Cluster, kind: str) -> list[Object]:
    (engine,) = engines(cluster)
    return [each[kind] for each in engine["spec"]["template"]["spec"]["volumes"] if kind in each]


def test_an_adapter_whose_claim_or_secret_is_missing_changes_no_pod_of_a_shared_engine_until_it_is_there(
    cluster: Cluster, operator: RunningOperator
) -> None:
    voice, deep = "pvc://loras/voice", "s3://loras/deep/"
    cluster.apply(ready_for_adapters("outlet"), ready_for_adapters("shop"))
    cluster.until(lambda: owners(cluster) == [["outlet", "shop"]])
    cluster.run_deployment(engines(cluster)[0]["metadata"]["name"])
    cluster.until_reason("chatbot", "shop", "EngineReady", "Running")
    before = engines(cluster)[0]["spec"]["template"]

    cluster.apply(ready_for_adapters("shop", voice, deep))
    condition = cluster.until_reason("chatbot", "shop", "Released", "ClaimNotFound")
    assert "adapter voice is left out of its engine" in condition["message"]
    assert "PersistentVolumeClaim loras does not exist" in condition["message"]
    for name in ("shop", "outlet"):
        assert cluster.condition("chatbot", name, "EngineReady")["reason"] == "Running"
    assert (engines(cluster)[0]["spec"]["template"], listed(cluster)) == (before, [])

    size = {"accessModes": ["ReadOnlyMany"], "resources": {"requests": {"storage": "1Gi"}}}
    cluster.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "loras"}, "spec": size})
    cluster.until(lambda: listed(cluster) == [voice])
    assert "loras" in [each["claimName"] for each in volumes(cluster, "persistentVolumeClaim")]
    condition = cluster.until_reason("chatbot", "shop", "Released", "SecretNotFound")
    assert "adapter deep is left out of its engine, since Secret loras does not exist" in condition["message"]
    assert "loras" not in [each["metadata"]["name"] for each in cluster.all("secrets")]

    # One of its keys is missing: pods start all the same.
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "loras"}, "stringData": {"id": "x"}}
    cluster.apply(secret)
    cluster.until(lambda: sorted(listed(cluster)) == [voice, deep])
    cluster.until_reason("chatbot", "shop", "Released", "Released")
    mounted = [each for each in volumes(cluster, "secret") if each["secretName"] == "loras"]
    assert [(each["items"][0]["key"], each["optional"]) for each in mounted] == [("id", True), ("secret", True)]

    def look() -> None:
        cluster.run("scale", "chatbot/outlet", f"--replicas={engines(cluster)[0]['spec']['replicas'] + 1}")

    # A Secret that is gone keeps no pod from starting, and a claim that goes stays while pods have it.
    after = engines(cluster)[0]["spec"]["template"]
    cluster.run("delete", "secret/loras")
    cluster.run("delete", "pvc/loras", "--wait=false")
    look()
    cluster.until(lambda: engines(cluster)[0]["spec"]["replicas"] == 2)
    assert engines(cluster)[0]["spec"]["template"] == after
    cluster.run("patch", "pvc/loras", "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    cluster.until(lambda: cluster.get("pvc", "loras") is None)
    look()
    cluster.until(lambda: listed(cluster) == [deep])
    assert "loras" not in [each["claimName"] for each in volumes(cluster, "persistentVolumeClaim")]
    cluster.until_reason("chatbot", "shop", "EngineReady", "ClaimNotFound")
