from typing import Any

import pytest

from kefu_api.kinds.model import ModelSource
from kefu_operator.plan.chatbot import plan_chatbot
from kefu_operator.plan.engine import engine_name
from kefu_operator.plan.errors import LocalOnly, UnknownAccelerator
from kefu_operator.plan.model_files import model_files
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import AcceleratorClass, PlanSettings
from kefu_operator.plan.workload import ClaimMount, SecretMount, Workload
from tests.unit.test_plan.objects import chatbot

PLACE = ClusterPlacement("acme")
GGUF = "hf://Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"


def engine_of(spec: dict[str, Any], settings: PlanSettings | None = None) -> Workload:
    workload = plan_chatbot(chatbot(spec), PLACE, settings or PlanSettings()).engine.workload
    assert workload is not None
    return workload


def test_equal_model_and_settings_share_one_engine() -> None:
    one = chatbot({"persona": {"name": "A"}}, name="one")
    two = chatbot({"persona": {"name": "B"}}, name="two")
    assert engine_name("one", one.spec) == engine_name("two", two.spec)


def test_replicas_do_not_make_another_engine() -> None:
    assert engine_name("a", chatbot().spec) == engine_name("a", chatbot({"engine": {"replicas": 3}}).spec)


@pytest.mark.parametrize(
    "spec",
    [
        {"model": {"uri": "hf://Qwen/Qwen3-4B"}},
        {"model": {"uri": "hf://Qwen/Qwen3-8B", "revision": "v2"}},
        {"engine": {"vllm": {"maxModelLen": 4096}}},
        {"engine": {"accelerator": {"class": "h100"}}},
    ],
)
def test_another_model_or_setting_is_another_engine(spec: dict[str, Any]) -> None:
    assert engine_name("a", chatbot().spec) != engine_name("a", chatbot(spec).spec)


def test_an_endpoint_runs_nothing_and_mounts_its_key_in_the_gateway() -> None:
    endpoint = {"url": "https://llm.example/api", "model": "m", "apiKeySecret": {"name": "llm", "key": "token"}}
    plan = plan_chatbot(chatbot({"model": None, "engine": {"endpoint": endpoint}}), PLACE, PlanSettings())
    assert plan.engine.workload is None
    assert plan.release.engine.api_key_file == "/etc/kefu/engine-key/token"
    assert SecretMount("engine-key", "/etc/kefu/engine-key", "llm", "token") in plan.gateway.container.mounts


def test_llama_cpp_reads_the_file_that_the_fetch_step_writes() -> None:
    engine = engine_of({"model": {"uri": GGUF, "sha256": "a" * 64}, "engine": {"llamaCpp": {}}})
    (fetch,) = engine.steps
    folder = fetch.command[fetch.command.index("--into") + 1]
    model = engine.container.command[engine.container.command.index("--model") + 1]
    assert model == f"{folder}/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
    assert fetch.command[fetch.command.index("--sha256") + 1] == "a" * 64


def test_a_snapshot_is_served_from_its_folder() -> None:
    files = model_files(ModelSource(uri="hf://Qwen/Qwen3-8B"), "engine-x", PLACE, PlanSettings())
    assert files.path == "/var/lib/kefu/model"


def test_a_claim_is_mounted_and_nothing_is_fetched() -> None:
    files = model_files(ModelSource(uri="pvc://weights/qwen/8b"), "engine-x", PLACE, PlanSettings())
    assert files.steps == ()
    assert files.mounts == (ClaimMount("model", "/etc/kefu/model", "weights"),)
    assert files.path == "/etc/kefu/model/qwen/8b"


def test_a_local_file_is_refused_in_a_cluster() -> None:
    with pytest.raises(LocalOnly, match=r"spec\.model\.uri"):
        model_files(ModelSource(uri="file:///models/a.gguf"), "engine-x", PLACE, PlanSettings())


def test_the_hub_token_travels_as_a_file() -> None:
    source = ModelSource(uri="hf://meta/gated", token_secret={"name": "hub", "key": "token"})  # type: ignore[arg-type]
    (fetch,) = model_files(source, "engine-x", PLACE, PlanSettings()).steps
    assert fetch.env["HF_TOKEN_PATH"] == "/etc/kefu/hub-token/token"


def test_a_mirror_of_the_hub_is_passed_on() -> None:
    settings = PlanSettings(hub_endpoint="http://mirror:8099", allow_http=True)
    (fetch,) = engine_of({}, settings).steps
    assert fetch.env == {"HF_ENDPOINT": "http://mirror:8099", "KEFU_ALLOW_HTTP": "1"}


def test_an_accelerator_class_becomes_devices_and_node_constraints() -> None:
    h100 = AcceleratorClass("nvidia.com/gpu", {"gpu": "h100"}, ({"key": "gpu", "operator": "Exists"},))
    engine = engine_of(
        {"engine": {"accelerator": {"class": "h100", "count": 2}, "vllm": {"tensorParallel": 2}}},
        PlanSettings(accelerators={"h100": h100}),
    )
    assert engine.container.image == "vllm"
    assert engine.container.compute.devices == {"nvidia.com/gpu": 2}
    assert engine.node_selector == {"gpu": "h100"}
    assert engine.tolerations == ({"key": "gpu", "operator": "Exists"},)
    assert "--enforce-eager" not in engine.container.command


def test_an_unknown_accelerator_is_named_with_those_that_exist() -> None:
    with pytest.raises(UnknownAccelerator, match=r"'b300'.*a100, h100"):
        engine_of(
            {"engine": {"accelerator": {"class": "b300"}}},
            PlanSettings(accelerators={"h100": AcceleratorClass("x"), "a100": AcceleratorClass("x")}),
        )


def test_vllm_without_an_accelerator_runs_its_cpu_build() -> None:
    assert engine_of({}).container.image == "vllmCpu"


@pytest.mark.parametrize(("cpu", "threads"), [(None, "2"), ("500m", "2"), ("3500m", "4"), (8, "8")])
def test_vllm_on_cpus_has_a_thread_for_each_core_and_binds_none(cpu: str | int | None, threads: str) -> None:
    engine = engine_of({"engine": {"resources": {"cpu": cpu}}} if cpu else {})
    assert engine.container.env["OMP_NUM_THREADS"] == threads
    assert engine.container.env["VLLM_CPU_OMP_THREADS_BIND"] == "nobind"
