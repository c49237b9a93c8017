"""Compiling a TensorRT engine: by the LLM API of TensorRT-LLM's own image, which reads Hugging Face folders as they are.

`trtllm-build` would want the checkpoint converted first, by another script for each family of models. The program comes as
an argument, since that image holds nothing of ours.

Source: tensorrt_llm 1.2, `tensorrt_llm._tensorrt_engine.LLM` with `BuildConfig` and `save`; trtllm-serve takes the folder
as its model, with `--tokenizer`. Later releases have neither (nvidia.github.io/TensorRT-LLM/legacy/tensorrt-backend-removal.html).
"""

from dataclasses import replace

from kefu_api import digest
from kefu_api.kinds.model import ModelSource
from kefu_operator import naming
from kefu_operator.plan.engines.plan import reach
from kefu_operator.plan.model_files import ModelFiles, model_files
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.settings import AcceleratorClass, PlanSettings
from kefu_operator.plan.workload import Build, Compute, Container, ScratchMount, Task, VolumeMount

COMPONENT = "engine-build"
"""Of the pods of builds."""
ENGINE, TOKENIZER = "engine", "tokenizer"
"""Folders on the volume."""
DEADLINE_SECONDS = 4 * 3600
"""Download included; builds of large models take an hour."""
RETRIES = 2

PROGRAM = """\
import os, shutil, sys

WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf", ".onnx")

def build(model, out, batch, tokens, length, tensor, pipeline):
    engine, tokenizer, part = (os.path.join(out, name) for name in ("engine", "tokenizer", "part"))
    if os.path.isdir(engine):
        return "the engine is there already"
    for left in (tokenizer, part):
        shutil.rmtree(left, ignore_errors=True)
    from tensorrt_llm._tensorrt_engine import LLM
    from tensorrt_llm.llmapi import BuildConfig
    sizes = {"max_batch_size": int(batch), "max_num_tokens": int(tokens)}
    if int(length):
        sizes["max_seq_len"] = int(length)
    config = BuildConfig(**sizes)
    llm = LLM(model=model, build_config=config, tensor_parallel_size=int(tensor), pipeline_parallel_size=int(pipeline))
    llm.save(part)
    shutil.copytree(model, tokenizer, ignore=lambda _, names: [name for name in names if name.endswith(WEIGHTS)])
    os.rename(part, engine)
    return "the engine is built"

if __name__ == "__main__":
    print(build(*sys.argv[1:]))
"""
"""The engine's folder is renamed last: what has that name is whole."""


def plan_build(
    model: ModelSource,
    sizes: tuple[int, int, int],
    layout: tuple[int, int],
    image: str,
    compute: Compute,
    known: AcceleratorClass,
    placement: Placement,
    settings: PlanSettings,
) -> Build:
    """Plan the build of one engine.

    Args:
        model: its weights.
        sizes: most answers at a time, most tokens of a batch, and longest context; 0: the model's own.
        layout: tensor and pipeline parallelism.
        image: of TensorRT-LLM; an engine is read by the very version alone that made it.
        compute: with the devices that the engine is for, since it is tuned on them.
        known: their class.
        placement: where files lie.
        settings: what the installation decides.

    Raises:
        PlanError: the weights cannot be had here.
    """
    program = (PROGRAM, *(str(each) for each in (*sizes, *layout)))
    identity = {
        "model": model.model_dump(mode="json", exclude={"token_secret", "size", "parameters", "cache_per_token"}),
        "program": program,
        # The reference that the role stands for, so that another release of TensorRT-LLM is another build.
        "image": settings.tensorrt_llm_image if image == "tensorrtLlm" else image,
        "devices": dict(compute.devices),
        "memory": known.memory,
        "nodes": dict(known.node_selector),
    }
    name = naming.build(digest.of_value(identity))
    files = model_files(model, name, placement, settings)
    volume = VolumeMount(
        "build",
        placement.path(name, "build", writable=True),
        claim=name,
        size=model.size,
        storage_class=settings.volumes.storage_class,
        many=settings.volumes.shared,
        apart=True,
    )
    container = Container(
        name="build",
        image=image,
        command=("python3", "-c", PROGRAM, files.path, volume.path, *program[1:]),
        compute=compute,
        env={"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"},
        mounts=(*files.mounts, volume, ScratchMount("shared-memory", "/dev/shm", in_memory=True)),  # noqa: S108
    )
    return Build(_task(name, container, files, known), volume)


def _task(name: str, container: Container, files: ModelFiles, known: AcceleratorClass) -> Task:
    return Task(
        name=name,
        component=COMPONENT,
        container=container,
        steps=files.steps,
        retries=RETRIES,
        deadline_seconds=DEADLINE_SECONDS,
        node_selector=known.node_selector,
        tolerations=known.tolerations,
        reach=reach(files.steps),
    )


def reading(build: Build) -> VolumeMount:
    """The volume, as the engine mounts it."""
    return replace(build.volume, read_only=True)
