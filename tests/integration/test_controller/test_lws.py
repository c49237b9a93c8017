"""Engines over several nodes, with the real controller of LeaderWorkerSets and its webhooks; only kubelets are played."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hack.cluster.apiserver import ControlPlane
from hack.cluster.lws import CRD, NAME

from kefu_operator.desired.images import Images
from tests.integration.test_controller.chart import install_chart
from tests.integration.test_controller.cluster import OPERATOR_USER, Cluster
from tests.integration.test_controller.conftest import RunningOperator, settings
from tests.integration.test_controller.lws import Lws, needs_lws
from tests.integration.test_controller.running_pods import crash_pod, engine_pods, restart_pod, run_pods
from tests.integration.test_controller.test_nodes import engine_name, groups, sets, spread

Object = dict[str, Any]


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """With the controllers of StatefulSets and HorizontalPodAutoscalers, and the garbage collector."""
    needs_lws()
    with ControlPlane(controllers=True) as started:
        install_chart(Cluster(started, "default"))
        yield started


@pytest.fixture(scope="module")
def kubeconfig(plane: ControlPlane) -> Path:
    return plane.user(OPERATOR_USER)


@pytest.fixture
def lws(plane: ControlPlane, tmp_path: Path) -> Iterator[Lws]:
    made = Lws(Cluster(plane, "default"), tmp_path)
    yield made
    made.uninstall()


@pytest.fixture(scope="module")
def controller(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lws]:
    made = Lws(Cluster(plane, "default"), tmp_path_factory.mktemp("lws"))
    made.install()
    with made.running():
        yield made


def engine_ready(cluster: Cluster) -> tuple[str, str]:
    told = cluster.condition("chatbot", "shop", "EngineReady")
    return told.get("reason", ""), told.get("message", "")


def until_ready(cluster: Cluster, count: int) -> None:
    def all_answer() -> bool:
        run_pods(cluster)
        reason, message = engine_ready(cluster)
        return reason == "Running" and f"{count}/{count} pods are ready" in message

    cluster.until(all_answer)


def started(cluster: Cluster) -> str:
    """An engine of two groups of three pods that answers: its name."""
    cluster.apply(spread())
    cluster.until(lambda: groups(cluster))
    until_ready(cluster, 2)
    return engine_name(cluster)


def identities(cluster: Cluster) -> dict[str, str]:
    """Uids of the engine's pods, by what follows the engine's name."""
    return {name.partition("-group-")[2]: pod["metadata"]["uid"] for name, pod in engine_pods(cluster).items()}


def seen_until(cluster: Cluster, question: Callable[[], bool]) -> list[str]:
    """Reasons that EngineReady had meanwhile, one after the other."""
    seen = [engine_ready(cluster)[0]]

    def look() -> bool:
        reason = engine_ready(cluster)[0]
        if reason != seen[-1]:
            seen.append(reason)
        return question()

    cluster.until(look)
    return seen


def made_of(cluster: Cluster) -> list[str]:
    """What the controller made, of which nothing carries our labels but pods."""
    return [each["metadata"]["name"] for each in cluster.all("statefulsets,services,controllerrevisions", NAME)]


def test_an_engine_runs_on_until_the_webhook_answers(cluster: Cluster, lws: Lws, operator: RunningOperator) -> None:
    cluster.apply(spread())
    cluster.until(lambda: sets(cluster) == ["", "-0", "-1"])
    until_ready(cluster, 2)
    before = {name: pod["metadata"]["uid"] for name, pod in engine_pods(cluster).items()}
    lws.install()
    # The operator looks for kinds every 10 to 12 s.
    time.sleep(15)
    assert {name: pod["metadata"]["uid"] for name, pod in engine_pods(cluster).items()} == before
    assert engine_ready(cluster)[0] == "Running"
    with lws.running():
        cluster.until(lambda: groups(cluster))
        cluster.until(lambda: sets(cluster) == [])
        cluster.until(lambda: sorted(identities(cluster)) == ["0", "0-1", "0-2", "1", "1-1", "1-2"])
        until_ready(cluster, 2)
        # The garbage collector looks for kinds every 30 s; what is gone before it knows the kind leaves its children behind.
        time.sleep(35)
        lws.uninstall()
        cluster.until(lambda: sets(cluster) == ["", "-0", "-1"])
        until_ready(cluster, 2)
        cluster.until(lambda: made_of(cluster) == [])
        assert set(engine_pods(cluster)) == set(before)


def test_a_webhook_that_does_not_answer_is_told(cluster: Cluster, lws: Lws, operator: RunningOperator) -> None:
    lws.install()
    time.sleep(15)
    cluster.apply(spread())
    cluster.until(lambda: "admission webhook does not answer" in engine_ready(cluster)[1])
    reason, message = engine_ready(cluster)
    assert (reason, "mleaderworkerset.kb.io" in message) == ("Creating", True), message
    with lws.running():
        until_ready(cluster, 2)


def test_pods_are_as_the_containers_expect(cluster: Cluster, controller: Lws, operator: RunningOperator) -> None:
    name = started(cluster)
    pods = engine_pods(cluster)
    assert sorted(identities(cluster)) == ["0", "0-1", "0-2", "1", "1-1", "1-2"]
    for pod, found in pods.items():
        group, _, index = pod.removeprefix(f"{name}-group-").partition("-")
        spec = found["spec"]
        (engine,) = spec["containers"]
        told = {each["name"]: each.get("value") for each in engine["env"]}
        assert told["LWS_LEADER_ADDRESS"] == f"{name}-group-{group}.{name}-group.{cluster.namespace}"
        assert (told["LWS_GROUP_SIZE"], told["LWS_WORKER_INDEX"]) == ("3", index or "0")
        # Variables may only name those before them.
        assert [each["name"] for each in engine["env"][:1]] == ["LWS_LEADER_ADDRESS"]
        assert (spec["hostname"], spec["subdomain"]) == (pod, f"{name}-group")
        (constraint,) = spec["topologySpreadConstraints"]
        assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
        assert constraint["labelSelector"]["matchLabels"].items() <= found["metadata"]["labels"].items()
        assert "affinity" not in spec
    addresses = cluster.get("service", f"{name}-group") or {}
    assert (addresses["spec"]["clusterIP"], addresses["spec"]["publishNotReadyAddresses"]) == ("None", True)
    chosen = (cluster.get("service", name) or {})["spec"]["selector"].items()
    answering = [pod for pod, found in pods.items() if chosen <= found["metadata"]["labels"].items()]
    assert sorted(answering) == [f"{name}-group-0", f"{name}-group-1"]
    (made,) = groups(cluster)
    leaders = dict(each.split("=") for each in made["status"]["hpaPodSelector"].split(","))
    assert sorted(
        pod for pod, found in pods.items() if leaders.items() <= found["metadata"]["labels"].items()
    ) == sorted(answering)
    # The webhook's and the CRD's defaults are nothing to be mended.
    before = cluster.audit_end
    time.sleep(2)
    written = {event["objectRef"]["resource"] for event in cluster.writes(before)}
    assert written <= {"chatbotdeployments", "events"}, written


def test_a_container_that_ends_takes_no_pod_with_it(
    cluster: Cluster, controller: Lws, operator: RunningOperator
) -> None:
    name = started(cluster)
    before = identities(cluster)
    restart_pod(cluster, f"{name}-group-1-2")
    restart_pod(cluster, f"{name}-group-0")
    time.sleep(3)
    assert identities(cluster) == before
    for leader in ("0", "1"):
        crash_pod(cluster, f"{name}-group-{leader}", "ValueError: no such quantization")
    told = cluster.until_reason("chatbot", "shop", "EngineReady", "CrashLoopBackOff")
    assert "ValueError: no such quantization" in told["message"]
    time.sleep(3)
    assert (identities(cluster), engine_ready(cluster)[0]) == (before, "CrashLoopBackOff")


@pytest.mark.parametrize(("lost", "anew"), [("1-2", {"1-2"}), ("1", {"1", "1-1", "1-2"})])
def test_what_is_lost_comes_back_and_the_other_group_answers(
    lost: str, anew: set[str], cluster: Cluster, controller: Lws, operator: RunningOperator
) -> None:
    name = started(cluster)
    before = identities(cluster)
    cluster.run("delete", "pod", f"{name}-group-{lost}", "--wait=false")

    def back() -> bool:
        now = identities(cluster)
        return set(now) == set(before) and all(now[each] != before[each] for each in anew)

    seen = seen_until(cluster, back)
    until_ready(cluster, 2)
    after = identities(cluster)
    assert {each for each in before if after[each] != before[each]} == anew
    assert seen == ["Running"], "one group answers all the while"


def test_a_rollout_takes_one_group_after_the_other(cluster: Cluster, controller: Lws, kubeconfig: Path) -> None:
    told = settings(kubeconfig, cluster.namespace)
    running = RunningOperator(told)
    started(cluster)
    running.stop()
    before = identities(cluster)
    running = RunningOperator(replace(told, images=Images({"vllm": "vllm/vllm-openai:next"})))
    try:
        seen = seen_until(cluster, lambda: set(identities(cluster).items()) - set(before.items()) != set())
        time.sleep(2)
        now = identities(cluster)
        assert {each for each in before if now.get(each) == before[each]} == {"0", "0-1", "0-2"}
        seen += seen_until(cluster, lambda: engine_ready(cluster)[0] != "Running")
        assert set(seen) <= {"Running", "RollingOut", "Creating"}
        assert cluster.condition("chatbot", "shop", "EngineReady")["status"] == "False"
        until_ready(cluster, 2)
        images = {each["spec"]["containers"][0]["image"] for each in engine_pods(cluster).values()}
        assert images == {"vllm/vllm-openai:next"}
    finally:
        running.stop()


def test_groups_come_and_go_with_the_number(cluster: Cluster, controller: Lws, operator: RunningOperator) -> None:
    name = started(cluster)
    before = identities(cluster)
    cluster.run("scale", "chatbot/shop", "--replicas=3")
    until_ready(cluster, 3)
    assert sorted(set(identities(cluster)) - set(before)) == ["2", "2-1", "2-2"]
    cluster.run("scale", "chatbot/shop", "--replicas=2")
    until_ready(cluster, 2)
    cluster.until(lambda: identities(cluster) == before)
    cluster.run("scale", "chatbot/shop", "--replicas=0")
    cluster.until(lambda: not engine_pods(cluster))
    cluster.until_reason("chatbot", "shop", "EngineReady", "ScaledToZero")
    cluster.run("scale", "chatbot/shop", "--replicas=2")
    until_ready(cluster, 2)
    target = {"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet", "name": f"{name}-group"}
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}
    cluster.apply({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "mine"},
        "spec": {"scaleTargetRef": target, "minReplicas": 3, "maxReplicas": 4, "metrics": [cpu]},
    })  # fmt: skip
    until_ready(cluster, 3)
    scaled = cluster.get("horizontalpodautoscaler", "mine") or {}
    assert "SucceededRescale" in [each["reason"] for each in scaled["status"]["conditions"]]


def test_a_quota_that_refuses_workers_is_named(cluster: Cluster, controller: Lws, operator: RunningOperator) -> None:
    cluster.apply(quota("pods", "2"))
    cluster.apply(spread())

    def named() -> bool:
        run_pods(cluster)
        return engine_ready(cluster)[0] == "QuotaExceeded"

    cluster.until(named)
    assert "exceeded quota: tight" in engine_ready(cluster)[1]


def test_a_quota_that_refuses_what_the_controller_makes_is_named(
    cluster: Cluster, controller: Lws, operator: RunningOperator
) -> None:
    cluster.apply(quota("count/statefulsets.apps", "1"))
    cluster.apply(spread())
    cluster.until(lambda: engine_ready(cluster)[0] == "QuotaExceeded")
    assert "Failed to create worker statefulset" in engine_ready(cluster)[1]


def quota(what: str, limit: str) -> Object:
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "tight"}, "spec": {"hard": {what: limit}}}


def test_everything_goes_with_the_chatbot(cluster: Cluster, controller: Lws, operator: RunningOperator) -> None:
    started(cluster)
    cluster.run("delete", "chatbot/shop")
    cluster.until(lambda: not cluster.all(CRD) and not engine_pods(cluster) and made_of(cluster) == [])
