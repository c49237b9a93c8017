"""The operator of another version of Kefu: engines go on as they are, and the rest follows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_controller.chart import CHART, images
from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator, settings
from tests.integration.test_controller.objects import chatbot

Object = dict[str, Any]

ADAPTED = {"uri": "hf://a/b", "adapters": [{"name": "voice", "uri": "hf://acme/voice"}]}
SPREAD = {"vllm": {"nodes": 2}, "accelerator": {"class": "nvidia", "count": 8}, "replicas": 2}


@contextmanager
def version(tag: str, cluster: Cluster, kubeconfig: Path, **plan: Any) -> Iterator[None]:
    """The operator that the chart of a version of Kefu installs, until all that it has to do is done."""
    table = images(CHART, 'images.registry="registry.example"', f'images.tag="{tag}"')
    told = settings(kubeconfig, cluster.namespace)
    running = RunningOperator(replace(told, images=table, plan=replace(told.plan, **plan)))
    try:
        cluster.until(lambda: running.is_ready)
        yield
        gateways = ("shop-gateway", "outlet-gateway", "large-gateway")
        cluster.until(lambda: all(tags(cluster.get("deployment", each)) == {tag} for each in gateways))
    finally:
        running.stop()


def engines(cluster: Cluster) -> dict[str, Object]:
    found = cluster.all("deployments,statefulsets", "kefu.dev/engine")
    return {each["metadata"]["name"]: each for each in found}


def tags(found: Object | None) -> set[str]:
    """Of the images that follow Kefu's version."""
    pod = found["spec"]["template"]["spec"] if found else {}
    run = [each["image"] for each in (*pod.get("initContainers", ()), *pod.get("containers", ()))]
    ours = ("registry.example/operator:", "registry.example/gateway:")
    return {image.rpartition(":")[2] for image in run if image.startswith(ours)}


def generations(cluster: Cluster) -> dict[str, int]:
    return {name: each["metadata"]["generation"] for name, each in engines(cluster).items()}


def test_engines_keep_the_images_of_their_steps_until_their_pods_change_otherwise(
    cluster: Cluster, kubeconfig: Path
) -> None:
    with version("1", cluster, kubeconfig):
        cluster.apply(
            chatbot("shop"),
            chatbot("outlet", model=ADAPTED, engine={"vllm": {}}),
            chatbot("large", model=ADAPTED | {"uri": "pvc://models/llama"}, engine=SPREAD),
        )
        # Two Deployments, and StatefulSets of leaders and of the workers of two groups.
        cluster.until(lambda: len(engines(cluster)) == 5)
    before = generations(cluster)
    since = cluster.audit_end
    with version("2", cluster, kubeconfig):
        cluster.run("scale", "chatbot/large", "--replicas=3")
        cluster.until(lambda: len(engines(cluster)) == 6)
    # The number of leaders is another one now, and nothing else is.
    (leaders,) = [name for name in before if name.endswith("-nodes")]
    assert {name: generations(cluster)[name] for name in before} == before | {leaders: before[leaders] + 1}
    assert {frozenset(tags(each)) for each in engines(cluster).values()} == {frozenset({"1"})}
    written = [each["objectRef"]["name"] for each in cluster.writes(since) if each["objectRef"]["name"] in before]
    assert written == [leaders]
    with version("3", cluster, kubeconfig, hub_endpoint="http://mirror.acme.svc"):
        cluster.until(lambda: all(tags(each) == {"3"} for each in engines(cluster).values()))


def test_a_step_that_a_user_gives_the_new_image_brings_it_to_its_engine(cluster: Cluster, kubeconfig: Path) -> None:
    with version("1", cluster, kubeconfig):
        cluster.apply(
            chatbot("shop"), chatbot("outlet", model=ADAPTED, engine={"vllm": {}}), chatbot("large"),
        )  # fmt: skip
        cluster.until(lambda: len(engines(cluster)) == 2)
    with version("2", cluster, kubeconfig):
        (name,) = [
            name for name, each in engines(cluster).items() if len(each["spec"]["template"]["spec"]["containers"]) > 1
        ]
        cluster.run("rollout", "restart", f"deployment/{name}")
        cluster.run("set", "image", f"deployment/{name}", "fetch=registry.example/operator:2")
        cluster.until(lambda: tags(engines(cluster)[name]) == {"2"})
        (other,) = set(engines(cluster)) - {name}
        assert tags(engines(cluster)[other]) == {"1"}


@pytest.mark.parametrize(
    ("uri", "engine", "surge"),
    [
        ("pvc://models/llama.gguf", {"llamaCpp": {}}, 1),
        ("pvc://models/llama", {"vllm": {}}, 1),
        ("pvc://models/llama", {"vllm": {}, "accelerator": {"class": "nvidia"}}, 0),
    ],
    ids=["llama.cpp", "vLLM on CPUs", "vLLM on an accelerator, of which there may be no other"],
)
def test_an_engine_whose_pods_all_went_at_once_has_them_replaced_one_by_one(
    uri: str, engine: Object, surge: int, cluster: Cluster, operator: RunningOperator
) -> None:
    cluster.apply(chatbot(model={"uri": uri}, engine=engine))
    (name,) = cluster.until(lambda: engines(cluster))
    cluster.run(
        "patch", f"deployment/{name}", "-p", '{"spec": {"strategy": {"type": "Recreate", "rollingUpdate": null}}}'
    )

    def strategy() -> Object:
        found: Object = engines(cluster)[name]["spec"]["strategy"]
        return found

    wanted = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": 1 - surge}}
    cluster.until(lambda: strategy() == wanted)
