"""A new version of Kefu alone changes no pod template of an engine; whatever else changes one brings the new images too."""

from typing import Any

import pytest

from kefu_operator.desired.images import DEFAULTS, Images
from kefu_operator.desired.metadata import shared
from kefu_operator.desired.network import AS_IT_COMES
from kefu_operator.desired.objects import workload_objects
from kefu_operator.kept_images import with_kept_images
from kefu_operator.kinds import Kinds
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import AcceleratorClass, PlanSettings
from kefu_operator.plan.sharing import scaled, share_engines
from kefu_operator.pod_templates import containers, places
from kefu_operator.resources import LEADER_WORKER_SETS
from tests.unit.test_controller.applied import applied, taken
from tests.unit.test_plan.objects import chatbot

Object = dict[str, Any]

OLD, NEW = "registry.example/operator:1", "registry.example/operator:2"
SETTINGS = PlanSettings(accelerators={"nvidia": AcceleratorClass("nvidia.com/gpu")})
ADAPTED = {"model": {"uri": "hf://a/b", "adapters": [{"name": "voice", "uri": "hf://acme/voice"}]}}
SPREAD: Object = {
    "model": {"uri": "pvc://models/llama", "adapters": [{"name": "voice", "uri": "hf://acme/voice"}]},
    "engine": {"vllm": {"nodes": 2}, "accelerator": {"class": "nvidia", "count": 8}, "replicas": 2},
}
FETCH = ("f:spec", "f:template", "f:spec", "f:initContainers", 'k:{"name":"fetch"}', "f:image")


def made(operator: str, spec: Object, *kinds: Any, settings: PlanSettings = SETTINGS, **table: str) -> list[Object]:
    (engine,) = share_engines([chatbot(spec)], ClusterPlacement("acme"), settings).engines
    images = Images({**DEFAULTS, "operator": operator, **table})
    workload = scaled(engine, Kinds.of(*kinds), settings)
    return workload_objects(workload, shared("acme", workload.name, ()), images, AS_IT_COMES)


def standing(spec: Object, *kinds: Any) -> list[Object]:
    return [applied(each) for each in made(OLD, spec, *kinds)]


def images(objects: list[Object]) -> set[str]:
    """Of steps and companions."""
    return {
        container["image"]
        for each in objects
        for place in places(each)
        for container in containers(each, place)
        if container["name"] != "engine"
    }


@pytest.mark.parametrize(
    ("spec", "kinds"),
    [(ADAPTED, ()), (SPREAD, ()), (SPREAD, (LEADER_WORKER_SETS,))],
    ids=["a Deployment", "StatefulSets of a group", "a LeaderWorkerSet"],
)
def test_steps_and_companions_keep_their_image_where_nothing_else_changes(spec: Object, kinds: tuple[Any, ...]) -> None:
    live, wanted = standing(spec, *kinds), made(NEW, spec, *kinds)
    assert (images(live), images(wanted)) == ({OLD}, {NEW})
    assert with_kept_images(wanted, live, NEW) == made(OLD, spec, *kinds)
    assert images(wanted) == {NEW}, "what was handed in is left as it was"


def test_whatever_else_changes_brings_the_new_images() -> None:
    told = PlanSettings(SETTINGS.accelerators, hub_endpoint="http://mirror.acme.svc")
    wanted = made(NEW, ADAPTED, settings=told)
    assert with_kept_images(wanted, standing(ADAPTED), NEW) == wanted


def test_a_new_image_of_the_server_brings_those_of_its_steps() -> None:
    wanted = made(NEW, ADAPTED, vllmCpu="registry.example/vllm:2")
    assert with_kept_images(wanted, standing(ADAPTED), NEW) == wanted


def test_a_server_that_runs_the_operators_own_image_is_no_step() -> None:
    wanted = made(NEW, ADAPTED, vllmCpu=NEW)
    live = [applied(each) for each in made(OLD, ADAPTED, vllmCpu=OLD)]
    assert with_kept_images(wanted, live, NEW) == wanted


def test_what_a_user_has_changed_is_repaired_with_the_new_images() -> None:
    live = standing(ADAPTED)
    (runner,) = [each for each in live if places(each)]
    runner["spec"]["template"]["spec"]["initContainers"][0]["image"] = "theirs"
    wanted = made(NEW, ADAPTED)
    assert with_kept_images(wanted, [taken(each, *FETCH) if each is runner else each for each in live], NEW) == wanted


def test_a_user_may_bring_the_new_image_to_a_step_and_thereby_to_all() -> None:
    live = standing(ADAPTED)
    (runner,) = [each for each in live if places(each)]
    runner["spec"]["template"]["spec"]["initContainers"][0]["image"] = NEW
    taken(runner, *FETCH)
    wanted = made(NEW, ADAPTED)
    assert with_kept_images(wanted, live, NEW) == wanted


def test_one_more_group_has_the_images_of_those_that_run() -> None:
    live, more = standing(SPREAD), {**SPREAD, "engine": {**SPREAD["engine"], "replicas": 3}}
    assert with_kept_images(made(NEW, more), live, NEW) == made(OLD, more)


def test_the_parts_of_a_group_never_differ_in_their_images() -> None:
    live, wanted = standing(SPREAD), made(NEW, SPREAD)
    workers = next(each for each in live if each["metadata"]["name"].endswith("-nodes-1"))
    workers["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 1
    assert with_kept_images(wanted, live, NEW) == wanted


def test_a_new_engine_has_the_new_images() -> None:
    wanted = made(NEW, ADAPTED)
    assert with_kept_images(wanted, (), NEW) == wanted
