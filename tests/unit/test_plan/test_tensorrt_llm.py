"""TensorRT-LLM: what is served, what is built first, and when a build is another one."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kefu_operator.local.placement import LocalPlacement
from kefu_operator.local.ports import PortBook
from kefu_operator.plan.chatbot import plan_chatbot
from kefu_operator.plan.engines.tensorrt_build import PROGRAM
from kefu_operator.plan.errors import ClusterOnly, EngineDoesNotFit
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import AcceleratorClass, ModelVolumes, PlanSettings
from kefu_operator.plan.sharing import share_engines
from kefu_operator.plan.workload import Build, Workload
from tests.unit.test_plan.objects import chatbot

PLACE = ClusterPlacement("acme")
H100 = AcceleratorClass("nvidia.com/gpu", memory=81_559 * 2**20, fp8=True, per_node=8)
SETTINGS = PlanSettings(accelerators={"h100": H100, "a100": replace(H100, fp8=False)}, tensorrt_llm_image="t:1.2.1")
IMAGE = "registry.example/trt:1"


def spec(uri: str = "hf://Qwen/Qwen3-8B", accelerator: str = "h100", **options: Any) -> dict[str, Any]:
    return {"model": {"uri": uri}, "engine": {"tensorrtLlm": options, "accelerator": {"class": accelerator}}}


def engine(settings: PlanSettings = SETTINGS, **changed: Any) -> Workload:
    workload = plan_chatbot(chatbot(spec(**changed)), PLACE, settings).engine.workload
    assert workload is not None
    return workload


def build(settings: PlanSettings = SETTINGS, **changed: Any) -> Build:
    made = engine(settings, backend="tensorrt", **changed).build
    assert made is not None
    return made


def test_the_pytorch_backend_reads_the_files_and_builds_nothing() -> None:
    made = engine()
    assert made.build is None
    assert made.container.command[:4] == ("trtllm-serve", "/var/lib/kefu/model", "--backend", "pytorch")
    assert [step.name for step in made.steps] == ["fetch"]


def test_the_tensorrt_backend_serves_what_was_built_and_fetches_nothing() -> None:
    made = engine(backend="tensorrt")
    assert made.build is not None
    folders = ("/var/lib/kefu/build/engine", "--tokenizer", "/var/lib/kefu/build/tokenizer")
    assert made.container.command[1:4] == folders
    assert made.steps == ()
    assert [step.name for step in made.build.task.steps] == ["fetch"]
    assert made.build.task.container.compute.devices == made.container.compute.devices


@pytest.mark.parametrize(
    "changed",
    [
        {"uri": "hf://Qwen/Qwen3-14B"},
        {"maxModelLen": 8192},
        {"maxBatchSize": 8},
        {"tensorParallel": 2},
        {"image": IMAGE},
        {"settings": replace(SETTINGS, tensorrt_llm_image="t:1.2.0")},
        {"settings": replace(SETTINGS, accelerators={"h100": replace(H100, memory=40_000 * 2**20)})},
    ],
    ids=str,
)
def test_what_goes_into_an_engine_makes_another_build(changed: dict[str, Any]) -> None:
    assert build(**changed).name != build().name


@pytest.mark.parametrize("changed", [{"args": ["--enable_chunked_prefill"]}, {"accelerator": "a100"}], ids=str)
def test_what_only_the_server_reads_or_only_has_another_name_is_built_once(changed: dict[str, Any]) -> None:
    assert build(**changed).name == build().name
    assert engine(backend="tensorrt", **changed).name != engine(backend="tensorrt").name


def test_engines_of_one_build_share_it_and_all_their_chatbots_own_it() -> None:
    bots = [
        chatbot(spec(backend="tensorrt"), name="one"),
        chatbot(spec(backend="tensorrt", args=["--enable_chunked_prefill"]), name="two"),
    ]
    sharing = share_engines(bots, PLACE, SETTINGS)
    assert len(sharing.engines) == 2
    (shared,) = sharing.builds
    assert [each.metadata.name for each in shared.chatbots] == ["one", "two"]


def test_a_volume_of_weights_that_many_nodes_mount_is_asked_for_by_the_build_too() -> None:
    settings = replace(SETTINGS, volumes=ModelVolumes("nfs", shared=True))
    sharing = share_engines([chatbot(spec(backend="tensorrt"))], PLACE, settings)
    assert len(sharing.volumes) == 1
    assert sharing.builds[0].build.volume.many


def test_nothing_is_quantised_while_loading_so_a_model_gets_devices_instead() -> None:
    made = engine(uri="hf://Qwen/Qwen3-32B")
    assert made.container.compute.devices == {"nvidia.com/gpu": 2}
    assert "--tp_size" in made.container.command


def test_what_the_files_do_not_hold_is_refused_by_the_field() -> None:
    with pytest.raises(
        EngineDoesNotFit, match=r"spec\.engine\.tensorrtLlm\.quantization: the files of Qwen3-8B hold bfloat16"
    ):
        engine(quantization="fp8")


def test_what_cannot_fit_names_remedies_that_this_engine_has() -> None:
    with pytest.raises(EngineDoesNotFit, match=r"choose a class|accelerator\.count") as refused:
        plan_chatbot(
            chatbot({
                "model": {"uri": "hf://Qwen/Qwen2.5-72B-Instruct"},
                "engine": {"tensorrtLlm": {}, "accelerator": {"class": "h100", "count": 1}},
            }), PLACE, SETTINGS,
        )  # fmt: skip
    assert "quantization: fp8" not in str(refused.value)


def test_a_laptop_says_that_it_does_not_run_it(tmp_path: Path) -> None:
    with pytest.raises(ClusterOnly, match="choose llamaCpp, vllm or endpoint"):
        plan_chatbot(
            chatbot(spec()), LocalPlacement(tmp_path, tmp_path, PortBook(tmp_path / "ports.json")), PlanSettings()
        )


FAKE = """\
import os
class BuildConfig:
    def __init__(self, **sizes): self.sizes = sizes
class LLM:
    def __init__(self, model, build_config, **layout): self.said = f"{build_config.sizes} {layout}"
    def save(self, folder):
        os.makedirs(folder)
        if os.path.exists("fail"): raise SystemExit(3)
        open(os.path.join(folder, "rank0.engine"), "w").write(self.said)
"""


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    arguments = ["model", "out", "32", "8192", "0", "2", "1"]
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_program_builds_once_and_a_build_that_broke_off_is_begun_anew(tmp_path: Path) -> None:
    """With a stand-in for the LLM API, which needs a GPU: what is real here is what becomes of the folders."""
    for name in ("_tensorrt_engine", "llmapi"):
        module = tmp_path / "tensorrt_llm" / f"{name}.py"
        module.parent.mkdir(exist_ok=True)
        module.write_text(FAKE)
    (tmp_path / "model").mkdir()
    (tmp_path / "out").mkdir()
    for file in ("tokenizer.json", "model-1.safetensors"):
        (tmp_path / "model" / file).write_text("x")
    (tmp_path / "fail").touch()
    assert run(tmp_path).returncode == 3
    assert not (tmp_path / "out" / "engine").exists()
    (tmp_path / "fail").unlink()
    assert run(tmp_path).stdout.strip() == "the engine is built"
    assert "'tensor_parallel_size': 2" in (tmp_path / "out" / "engine" / "rank0.engine").read_text()
    assert [file.name for file in (tmp_path / "out" / "tokenizer").iterdir()] == ["tokenizer.json"]
    assert not (tmp_path / "out" / "part").exists()
    assert run(tmp_path).stdout.strip() == "the engine is there already"
