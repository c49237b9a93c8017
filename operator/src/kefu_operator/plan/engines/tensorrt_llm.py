"""TensorRT-LLM's server on accelerators: over the model's files, or over an engine that is compiled of them first.

Source: `trtllm-serve` of tensorrt_llm 1.2 (tensorrt_llm/commands/serve.py). Its `/health` answers once the model is loaded;
its `/metrics` is a list of JSON that is empty unless asked for, so it says nothing to scale or to drain by.
"""

from dataclasses import replace

from kefu_api.documents.release import EngineTarget
from kefu_api.kinds.engine import Engine
from kefu_api.kinds.model import ModelSource
from kefu_api.kinds.tensorrt_llm import TensorRtLlmEngine
from kefu_operator.plan.accelerators import accelerator_class
from kefu_operator.plan.engines.drain import GRACE_SECONDS, drain
from kefu_operator.plan.engines.plan import ACCESS, PORT, SERVED_NAME, EnginePlan, reach
from kefu_operator.plan.engines.tensorrt_build import ENGINE, TOKENIZER, plan_build, reading
from kefu_operator.plan.errors import ClusterOnly
from kefu_operator.plan.fit.choose import Fit
from kefu_operator.plan.fit.described import shape_of
from kefu_operator.plan.fit.explain import summary
from kefu_operator.plan.fit.fit import fit
from kefu_operator.plan.fit.shape import Format, ModelShape
from kefu_operator.plan.fit.wish import UTILIZATION, Wish
from kefu_operator.plan.model_files import model_files
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.settings import AcceleratorClass, PlanSettings
from kefu_operator.plan.workload import Build, Compute, Container, Mount, Probe, Replaced, ScratchMount, Workload

LOAD_SECONDS = 1800
"""Longest time for loading and tuning before the pod counts as hung."""
TOKENS = 8192
"""Most tokens of a batch, which is trtllm-serve's own default."""
HELD: dict[str, Format] = {"none": Format.BFLOAT16, "fp8": Format.FP8, "awq": Format.INT4}


def plan_tensorrt_llm(
    name: str,
    model: ModelSource,
    engine: Engine,
    options: TensorRtLlmEngine,
    placement: Placement,
    settings: PlanSettings,
) -> EnginePlan:
    """Plan a TensorRT-LLM server named `name`.

    Raises:
        UnknownAccelerator: the class is not in the operator's table.
        EngineDoesNotFit: the model does not fit it.
        ClusterOnly: this is a laptop.
    """
    if placement.model_store is not None:
        raise ClusterOnly("spec.engine.tensorrtLlm runs in a cluster only: choose llamaCpp, vllm or endpoint here")
    known, wanted = accelerator_class(engine.accelerator, settings), engine.accelerator
    if known is None or wanted is None:
        raise AssertionError("the schema lets no tensorrtLlm pass without an accelerator")
    shape = _shape(model, options)
    chosen = fit(shape, _wish(engine, options, shape), wanted.class_, known)
    compute = _compute(engine, chosen, known)
    image = options.image or "tensorrtLlm"
    build = None
    steps: tuple[Container, ...] = ()
    mounts: tuple[Mount, ...]
    path: tuple[str, ...]
    if options.backend == "tensorrt":
        sizes = (options.max_batch_size, TOKENS, chosen.context or 0)
        layout = (chosen.layout.tensor, chosen.layout.pipeline)
        build = plan_build(model, sizes, layout, image, compute, known, placement, settings)
        mounts = (reading(build),)
        path = (f"{build.volume.path}/{ENGINE}", "--tokenizer", f"{build.volume.path}/{TOKENIZER}")
    else:
        files = model_files(model, name, placement, settings)
        steps, mounts, path = files.steps, files.mounts, (files.path,)
    container = Container(
        name="engine",
        image=image,
        command=(
            "trtllm-serve", *path,
            "--backend", options.backend,
            "--host", placement.bind,
            "--port", str(placement.listen(name, PORT)),
            *_layout(chosen, options),
            *options.args,
        ),
        compute=compute,
        env={"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"},
        mounts=(*mounts, ScratchMount("shared-memory", "/dev/shm", in_memory=True)),  # noqa: S108
        ports=(PORT,),
        startup=Probe("http", "/health", period_seconds=5, failures=LOAD_SECONDS // 5),
        readiness=Probe("http", "/health", failures=4, timeout_seconds=10),
        liveness=Probe("http", "/health", period_seconds=10, failures=12, timeout_seconds=10),
    )  # fmt: skip
    target = EngineTarget(url=f"http://{placement.address(name, PORT)}", model=SERVED_NAME, prefixes="Cached")
    told = summary(chosen, wanted.class_) if shape and known.memory else ""
    return EnginePlan(target, _workload(name, engine, container, steps, build, known), layout=told)


def _workload(
    name: str,
    engine: Engine,
    container: Container,
    steps: tuple[Container, ...],
    build: Build | None,
    known: AcceleratorClass,
) -> Workload:
    return Workload(
        name=name,
        component="engine",
        container=container,
        replicas=engine.replicas,
        steps=steps,
        build=build,
        replaced=Replaced.IN_TURN,
        # It has no figures to wait for; told to end, its web server finishes what it has begun.
        drain=drain("python3", PORT.number),
        grace_seconds=GRACE_SECONDS,
        node_selector=known.node_selector,
        tolerations=known.tolerations,
        reach=reach(steps),
        access=ACCESS,
    )


def _shape(model: ModelSource, options: TensorRtLlmEngine) -> ModelShape | None:
    held = HELD.get(options.quantization or "")
    shape = shape_of(model, held)
    # A described model has no name to tell its files' format by.
    return replace(shape, stored=held) if shape and held and model.parameters else shape


def _wish(engine: Engine, options: TensorRtLlmEngine, shape: ModelShape | None) -> Wish:
    """The memory that it may use is a share of what is free once the weights are loaded: never less than computed here."""
    return Wish(
        held=HELD.get(options.quantization or "") or (shape.stored if shape else None),
        tensor=options.tensor_parallel,
        pipeline=options.pipeline_parallel,
        count=engine.accelerator.count if engine.accelerator else None,
        context=options.max_model_len,
        engine="tensorrtLlm",
        quantises=False,
    )


def _compute(engine: Engine, chosen: Fit, known: AcceleratorClass) -> Compute:
    resources, wanted = engine.resources, engine.accelerator
    return Compute(
        cpu=(resources and resources.cpu) or "4",
        memory=(resources and resources.memory) or "32Gi",
        devices={known.resource: (wanted and wanted.count) or chosen.layout.devices},
    )


def _layout(chosen: Fit, options: TensorRtLlmEngine) -> list[str]:
    made = ["--max_batch_size", str(options.max_batch_size), "--free_gpu_memory_fraction", f"{UTILIZATION:g}"]
    made += ["--tp_size", str(chosen.layout.tensor)] if chosen.layout.tensor > 1 else []
    made += ["--pp_size", str(chosen.layout.pipeline)] if chosen.layout.pipeline > 1 else []
    return [*made, *(["--max_seq_len", str(chosen.context)] if chosen.context else [])]
