"""Releases on a real API server: kept, brought to customers by steps, taken back, and none of it lost by a restart."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator, settings
from tests.integration.test_controller.objects import chatbot, config_map, endpoint_chatbot, report, run_chatbot
from tests.integration.test_controller.test_knowledge import jobs, publish, version_of

QUICK = {"steps": [50, 100], "interval": "2s"}
SLOW = {"steps": [50, 100], "interval": "1h"}
JUDGED = {"steps": [50, 100], "interval": "1s", "analysis": [{"metric": "errorRate", "atMost": "0.1"}]}


def asked(prompt: str, rollout: dict[str, Any] | None = None) -> dict[str, Any]:
    made = endpoint_chatbot(persona={"prompt": prompt})
    if rollout is not None:
        made["spec"]["rollout"] = rollout
    return made


def releases(cluster: Cluster) -> dict[str, Any]:
    found: dict[str, Any] = ((cluster.get("chatbot", "shop") or {}).get("status") or {}).get("releases") or {}
    return found


def served(cluster: Cluster) -> list[tuple[str, str, int]]:
    """Prompt, role and weight of each variant that the gateway is told of."""
    document = json.loads((cluster.get("configmap", "shop-release") or {})["data"]["release.json"])
    return [(each["release"]["persona"]["prompt"], each["role"], each["weight"]) for each in document["variants"]]


def kept(cluster: Cluster) -> list[int]:
    return sorted(found["revision"] for found in cluster.all("controllerrevisions"))


def settled(cluster: Cluster, release: str) -> bool:
    told = releases(cluster)
    return told.get("stable") == release and "candidate" not in told


@pytest.fixture
def shop(cluster: Cluster, operator: RunningOperator) -> Iterator[Cluster]:
    """A chatbot with one release, and the gateway that serves it."""
    cluster.apply(asked("旧", SLOW))
    run_chatbot(cluster)
    cluster.until(lambda: settled(cluster, "r1"))
    assert (served(cluster), kept(cluster)) == ([("旧", "stable", 100)], [1])
    yield cluster


def test_a_new_release_takes_its_steps_and_stays(shop: Cluster) -> None:
    shop.apply(asked("新", QUICK))
    shop.until(lambda: served(shop) == [("旧", "stable", 50), ("新", "candidate", 50)])
    shop.until(lambda: releases(shop).get("step") == "1/2")
    assert shop.condition("chatbot", "shop", "Released")["reason"] == "ReleaseProgressing"
    shop.until(lambda: served(shop) == [("旧", "stable", 0), ("新", "candidate", 100)])
    shop.until(lambda: settled(shop, "r2"))
    assert served(shop) == [("新", "stable", 100)]
    assert shop.condition("chatbot", "shop", "Released")["status"] == "True"
    assert kept(shop) == [1, 2]
    told = [event for event in shop.all("events") if event["reason"] == "Promoted"]
    assert [event["message"] for event in told] == ["release r2 serves all customers"]


def test_a_new_version_of_the_knowledge_takes_the_steps_and_the_old_one_stays_meanwhile(
    cluster: Cluster, operator: RunningOperator
) -> None:
    def versions() -> list[tuple[str | None, str, int]]:
        document = json.loads((cluster.get("configmap", "shop-release") or {})["data"]["release.json"])
        told = document["variants"]
        return [(each["release"]["knowledge"][0].get("version"), each["role"], each["weight"]) for each in told]

    first = version_of(publish(cluster))
    cluster.apply(asked("旧", SLOW))
    run_chatbot(cluster)
    cluster.until(lambda: settled(cluster, "r1"))
    assert versions() == [(first, "stable", 100)]
    cluster.apply(config_map(text="- {question: 能退货吗？, answer: 三十天内可以。}"))
    job = cluster.until(lambda: next((name for name in jobs(cluster) if version_of(name) != first), None))
    built = json.loads((cluster.get("configmap", job) or {})["data"]["index.json"])
    assert built["holds"] == [first]
    second = version_of(job)
    cluster.end_job(job, report(second, second, first))
    cluster.until(lambda: releases(cluster).get("weight") == 50)
    assert versions() == [(first, "stable", 50), (second, "candidate", 50)]
    assert [each["version"] for each in releases(cluster)["knowledge"]] == [first, second]
    cluster.apply(asked("旧", QUICK))
    cluster.until(lambda: settled(cluster, "r2"))
    assert (versions(), kept(cluster)) == ([(second, "stable", 100)], [1, 2])
    cluster.apply(asked("旧"))
    cluster.until(lambda: versions() == [(None, "stable", 100)])


def test_a_release_that_is_kept_is_never_changed(shop: Cluster) -> None:
    (found,) = shop.all("controllerrevisions")
    found["data"] = {"spec": {}}
    refused = shop.run("replace", "-f", "-", stdin=json.dumps(found), check=False)
    assert "replaced" not in refused
    assert shop.all("controllerrevisions")[0]["data"]["spec"]["persona"] == {"prompt": "旧"}


def test_a_spec_reverted_in_mid_rollout_is_the_stable_release_and_nothing_new(shop: Cluster) -> None:
    shop.apply(asked("新", SLOW))
    shop.until(lambda: releases(shop).get("weight") == 50)
    shop.apply(asked("旧", SLOW))
    shop.until(lambda: settled(shop, "r1"))
    assert (served(shop), kept(shop)) == ([("旧", "stable", 100)], [1, 2])


def test_a_spec_that_cannot_be_planned_in_mid_rollout_goes_back_to_the_stable_release_until_it_can(
    shop: Cluster,
) -> None:
    shop.apply(asked("新", SLOW))
    shop.until(lambda: releases(shop).get("weight") == 50)
    shop.apply(chatbot(engine={"accelerator": {"class": "unheard-of"}}, rollout=SLOW))
    shop.until_reason("chatbot", "shop", "Released", "UnknownAccelerator")
    shop.until(lambda: served(shop) == [("旧", "stable", 100)])
    assert settled(shop, "r1")
    shop.apply(asked("新", SLOW))
    shop.until(lambda: served(shop) == [("旧", "stable", 50), ("新", "candidate", 50)])


def test_a_person_holds_promotes_and_aborts(shop: Cluster) -> None:
    shop.apply(asked("新", SLOW | {"paused": True}))
    shop.until_reason("chatbot", "shop", "Released", "ReleasePaused")
    assert served(shop)[1] == ("新", "candidate", 0)
    shop.apply(asked("新", SLOW | {"decision": {"release": "r2", "verdict": "Abort"}}))
    shop.until_reason("chatbot", "shop", "Released", "ReleaseAborted")
    assert served(shop) == [("旧", "stable", 100)]
    assert shop.condition("chatbot", "shop", "Ready")["reason"] != "ReleaseAborted"
    shop.apply(asked("新", SLOW | {"decision": {"release": "r2", "verdict": "Promote"}}))
    shop.until(lambda: settled(shop, "r2"))
    assert served(shop) == [("新", "stable", 100)]


def test_without_prometheus_the_rollout_waits_and_says_so(shop: Cluster) -> None:
    shop.apply(asked("新", JUDGED))
    condition = shop.until_reason("chatbot", "shop", "Released", "PrometheusUnavailable")
    assert "prometheus.url" in condition["message"]
    assert served(shop)[1] == ("新", "candidate", 50)


def test_a_restart_in_mid_rollout_goes_on_and_a_settled_one_writes_nothing(cluster: Cluster, kubeconfig: Path) -> None:
    first = RunningOperator(settings(kubeconfig, cluster.namespace))
    cluster.apply(asked("旧", SLOW))
    run_chatbot(cluster)
    cluster.until(lambda: settled(cluster, "r1"))
    cluster.apply(asked("新", SLOW))
    cluster.until(lambda: releases(cluster).get("weight") == 50)
    first.stop()
    began, written = releases(cluster)["since"], cluster.audit_end
    second = RunningOperator(settings(kubeconfig, cluster.namespace))
    cluster.until(lambda: second.is_ready)
    cluster.apply(asked("新", QUICK | {"paused": True}))
    cluster.until(lambda: releases(cluster).get("phase") == "Paused")
    assert releases(cluster)["since"] == began
    assert {event["objectRef"]["resource"] for event in cluster.writes(written)} <= {"chatbotdeployments", "events"}
    second.stop()


def test_old_releases_go_and_needed_ones_stay(shop: Cluster) -> None:
    for number, prompt in enumerate(("二", "三", "四"), start=2):
        made = asked(prompt)
        made["spec"]["revisionHistoryLimit"] = 2
        shop.apply(made)
        shop.until(lambda name=f"r{number}": settled(shop, name))  # type: ignore[misc]
    shop.until(lambda: kept(shop) == [3, 4])


def test_another_model_has_an_engine_of_its_own_until_it_serves_all(
    cluster: Cluster, operator: RunningOperator
) -> None:
    def engines() -> list[str]:
        return [found["metadata"]["name"] for found in cluster.all("deployments", "kefu.dev/engine")]

    cluster.apply(chatbot(rollout=QUICK))
    (old,) = cluster.until(engines)
    cluster.run_deployment(old)
    run_chatbot(cluster)
    cluster.until(lambda: settled(cluster, "r1"))
    cluster.apply(chatbot(model={"uri": "https://models.example/other.gguf"}, rollout=QUICK))
    cluster.until(lambda: len(engines()) == 2)
    condition = cluster.until_reason("chatbot", "shop", "Released", "WaitingForEngine")
    (new,) = set(engines()) - {old}
    assert new in condition["message"]
    assert releases(cluster)["weight"] == 0
    run_chatbot(cluster)
    cluster.run_deployment(new)
    cluster.until(lambda: releases(cluster).get("weight") == 100)
    assert old in engines()
    cluster.until(lambda: settled(cluster, "r2"))
    cluster.until(lambda: engines() == [new])


def test_a_release_waits_while_nobody_tells_whether_its_adapter_is_loaded(
    cluster: Cluster, operator: RunningOperator
) -> None:
    def asked(*adapters: str, **more: Any) -> dict[str, Any]:
        model = {"uri": "hf://a/b", "adapters": [{"name": name, "uri": f"hf://acme/{name}"} for name in adapters]}
        return chatbot(engine={"vllm": {}, "replicas": 2}, model=model, **more)

    cluster.apply(asked(rollout=QUICK))
    (engine,) = cluster.until(lambda: cluster.all("deployments", "kefu.dev/engine"))
    name = engine["metadata"]["name"]
    cluster.run_deployment(name)
    run_chatbot(cluster)
    cluster.until(lambda: settled(cluster, "r1"))
    cluster.apply(asked("voice", rollout=QUICK))
    cluster.until(lambda: cluster.all("configmaps", "kefu.dev/engine"))
    template = (cluster.get("deployment", name) or {})["spec"]["template"]
    # No kubelet is here, so that no log can be read.
    running = [{"name": each["name"], "image": "x", "imageID": "", "ready": True, "restartCount": 0,
                "state": {"running": {}}} for each in template["spec"]["containers"]]  # fmt: skip
    status = {"phase": "Running", "containerStatuses": running, "conditions": [{"type": "Ready", "status": "True"}]}
    cluster.make_pod(name, template, status)
    cluster.run_deployment(name)

    def reason() -> bool:
        return "is not known yet" in cluster.condition("chatbot", "shop", "Released").get("message", "")

    cluster.until(reason)
    assert cluster.condition("chatbot", "shop", "Released")["reason"] == "WaitingForEngine"
    assert (releases(cluster)["stable"], releases(cluster)["weight"]) == ("r1", 0)
    cluster.apply(asked("voice"))
    cluster.until(lambda: "step 1 of 1" in cluster.condition("chatbot", "shop", "Released").get("message", ""))
    assert reason()
    document = json.loads((cluster.get("configmap", "shop-release") or {})["data"]["release.json"])
    told = [(each["release"]["engine"]["model"].startswith("voice"), each["weight"]) for each in document["variants"]]
    assert told == [(False, 100), (True, 0)]
