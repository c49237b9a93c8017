"""One vLLM over several nodes: what each of its pods runs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kefu_operator.kinds import Kinds
from kefu_operator.local.placement import LocalPlacement
from kefu_operator.local.ports import PortBook
from kefu_operator.plan.chatbot import plan_chatbot
from kefu_operator.plan.errors import ClusterOnly, VolumeNotShared
from kefu_operator.plan.group import Group, Way
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import AcceleratorClass, ModelVolumes, PlanSettings
from kefu_operator.plan.sharing import grouped
from kefu_operator.plan.workload import Workload
from kefu_operator.resources import LEADER_WORKER_SETS, SCALED_OBJECTS, runner_of
from tests.unit.test_plan.objects import chatbot

SHARED = PlanSettings(
    accelerators={"h100": AcceleratorClass("nvidia.com/gpu", memory=81_559 * 2**20, per_node=8)},
    volumes=ModelVolumes(shared=True),
)


def engine_of(
    engine: dict[str, Any], settings: PlanSettings = SHARED, uri: str = "hf://Qwen/Qwen3-32B", **model: Any
) -> Workload:
    spec = {"model": {"uri": uri, **model}, "engine": engine}
    workload = plan_chatbot(chatbot(spec), ClusterPlacement("acme"), settings).engine.workload
    assert workload is not None
    return workload


def group_of(workload: Workload) -> Group:
    assert workload.group is not None
    return workload.group


def words(command: tuple[str, ...]) -> str:
    """Of the engine alone, behind the program that holds the group together."""
    return " ".join(command[command.index("$(LWS_WORKER_INDEX)") + 1 :])


def test_one_node_is_no_group() -> None:
    assert engine_of({"vllm": {}}).group is None
    assert engine_of({"vllm": {"nodes": 1}}) == engine_of({"vllm": {}})


def test_the_leader_is_the_server_and_the_workers_have_none() -> None:
    workload = engine_of({"vllm": {"nodes": 2, "args": ["--seed=7"]}, "accelerator": {"class": "h100", "count": 4}})
    leader, worker = words(workload.container.command), words(group_of(workload).worker.command)
    assert leader.startswith("python3 -m vllm.entrypoints.openai.api_server --model /")
    assert "--node-rank 0 --master-addr $(LWS_LEADER_ADDRESS)" in leader
    assert worker.startswith("python3 -m vllm.entrypoints.cli.main serve /")
    assert " --headless " in worker
    assert "--node-rank $(LWS_WORKER_INDEX) --master-addr $(LWS_LEADER_ADDRESS)" in worker
    assert "--host" not in worker
    for each in (leader, worker):
        assert "--nnodes 2 " in each
        assert "--tensor-parallel-size 4 --pipeline-parallel-size 2" in each
        assert "--seed=7" in each


def test_a_worker_is_not_asked_what_it_cannot_answer_and_has_the_same_files_and_devices() -> None:
    workload = engine_of({"vllm": {"nodes": 2}, "accelerator": {"class": "h100", "count": 4}})
    worker = group_of(workload).worker
    assert (worker.ports, worker.startup, worker.readiness, worker.liveness) == ((), None, None, None)
    assert worker.compute == workload.container.compute
    assert worker.compute.devices == {"nvidia.com/gpu": 4}
    assert worker.mounts == workload.container.mounts
    assert "/dev/shm" in {mount.path for mount in worker.mounts}


def test_each_pod_fetches_the_adapters_and_the_leader_alone_asks_vllm_to_load_them() -> None:
    adapters = [{"name": "voice", "uri": "hf://acme/voice"}, {"name": "outlet", "uri": "pvc://loras/outlet"}]
    workload = engine_of({"vllm": {"nodes": 3}}, adapters=adapters)
    group = group_of(workload)
    (leader,), (worker,) = workload.companions, group.companions
    assert leader.command[-6:] == (
        "--engine", "http://127.0.0.1:8000", "--leader", "$(LWS_LEADER_ADDRESS)", "--workers", "2",
    )  # fmt: skip
    assert worker.command[-6:] == (
        "--leader", "$(LWS_LEADER_ADDRESS)", "--number", "$(LWS_WORKER_INDEX)", "--host", "0.0.0.0",
    )  # fmt: skip
    assert replace(worker, command=leader.command, ports=leader.ports, readiness=leader.readiness) == leader
    assert (worker.ports, worker.readiness) == ((), None)
    assert group.worker.mounts == workload.container.mounts
    assert {"adapters"} < {mount.name for mount in group.worker.mounts if mount.name.startswith("adapters")}
    for each in (workload.container, group.worker):
        assert "--enable-lora" in each.command
    assert group_of(engine_of({"vllm": {"nodes": 3}})).companions == ()


def test_a_pod_gets_its_share_of_the_devices() -> None:
    workload = engine_of(
        {"vllm": {"nodes": 2, "tensorParallel": 8, "pipelineParallel": 2}, "accelerator": {"class": "h100"}}
    )
    assert workload.container.compute.devices == {"nvidia.com/gpu": 8}


def test_other_options_are_another_group() -> None:
    one, same, other = (
        engine_of({"vllm": {"nodes": 2, "args": [arg]}}) for arg in ("--seed=1", "--seed=1", "--seed=2")
    )
    version = one.container.command[7]
    assert version == group_of(one).worker.command[7] == same.container.command[7]
    assert version != other.container.command[7]


def test_without_accelerators_layers_are_split_over_nodes() -> None:
    three = engine_of({"vllm": {"nodes": 3}}).container
    assert "--tensor-parallel-size 3" in words(three.command)
    assert three.env["TORCH_COMPILE_DISABLE"] == "1"
    assert "--tensor-parallel-size 4" in words(engine_of({"vllm": {"nodes": 2, "tensorParallel": 4}}).container.command)
    assert "TORCH_COMPILE_DISABLE" not in engine_of({"vllm": {}}).container.env


def test_a_volume_of_one_node_is_refused_with_what_helps() -> None:
    with pytest.raises(VolumeNotShared, match=r"spec.engine.vllm.nodes: .* set the chart value `modelVolumes.shared`"):
        engine_of({"vllm": {"nodes": 2}}, PlanSettings())
    assert engine_of({"vllm": {"nodes": 2}}, PlanSettings(), "pvc://models/qwen").group


def test_a_laptop_has_one_node(tmp_path: Path) -> None:
    place = LocalPlacement(tmp_path, tmp_path / "models", PortBook(tmp_path / "ports.json"))
    spec = {"model": {"uri": "pvc://models/qwen"}, "engine": {"vllm": {"nodes": 2}}}
    with pytest.raises(ClusterOnly, match=r"spec.engine.vllm.nodes: .* remove the field"):
        plan_chatbot(chatbot(spec), place, SHARED)


@pytest.mark.parametrize(
    ("kinds", "way", "runner"),
    [
        (Kinds.of(LEADER_WORKER_SETS), Way.LEADER_WORKER_SET, ("LeaderWorkerSet", "-group")),
        (Kinds.of(SCALED_OBJECTS), Way.STATEFUL_SETS, ("StatefulSet", "-nodes")),
    ],
)
def test_what_the_cluster_has_decides_what_runs_the_pods(kinds: Kinds, way: Way, runner: tuple[str, str]) -> None:
    workload = grouped(engine_of({"vllm": {"nodes": 2}}), kinds)
    resource, name = runner_of(workload)
    assert (group_of(workload).way, resource.kind, name) == (way, runner[0], workload.name + runner[1])
