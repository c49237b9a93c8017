"""vLLM's OpenAI-compatible server, on accelerators or with its CPU build."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from kefu_api.documents.release import EngineTarget
from kefu_api.kinds.engine import Engine
from kefu_api.kinds.model import ModelSource
from kefu_api.kinds.types import amount
from kefu_api.kinds.vllm import VllmEngine
from kefu_operator.plan.accelerators import accelerator_class
from kefu_operator.plan.demand import EngineSignals
from kefu_operator.plan.engines.adapters import WantedAdapter, plan_adapters, wanted_adapters
from kefu_operator.plan.engines.drain import GRACE_SECONDS, drain
from kefu_operator.plan.engines.lora import Lora, combined, lora_for
from kefu_operator.plan.engines.plan import ACCESS, PORT, SERVED_NAME, EnginePlan, reach
from kefu_operator.plan.engines.progress import liveness
from kefu_operator.plan.engines.vllm_group import check, group, leader
from kefu_operator.plan.engines.vllm_options import held, layout_options, serving_options
from kefu_operator.plan.fit.described import shape_of
from kefu_operator.plan.fit.explain import summary
from kefu_operator.plan.fit.fit import fit
from kefu_operator.plan.fit.known import known_model
from kefu_operator.plan.fit.processor import fit_processor
from kefu_operator.plan.fit.shape import Format, weights
from kefu_operator.plan.fit.wish import UTILIZATION, Wish
from kefu_operator.plan.model_files import ModelFiles, model_files, snapshot_files
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.settings import AcceleratorClass, PlanSettings
from kefu_operator.plan.workload import Compute, Container, Probe, Replaced, ScratchMount, Workload

LOAD_SECONDS = 1800
"""Longest time for loading and compiling before the pod counts as hung."""

ENV = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
LORA_ENV = {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True"}
CPU_ENV = {"VLLM_CPU_OMP_THREADS_BIND": "nobind"}
"""Threads are not bound, because cores named here would be the same for all pods of a node."""
SPLIT_CPU_ENV = {"TORCH_COMPILE_DISABLE": "1"}
"""Split embeddings would be compiled even so, for which the image has no compiler."""
FEWEST_THREADS = 2
"""With one thread, a prompt is read at half the speed, and a request for one core is often answered with more."""

BUSY = ("vllm:num_requests_running", "vllm:num_requests_waiting")
STEPS = "vllm:iteration_tokens_total_count"
"""Grows with every step of the model."""
SIGNALS = EngineSignals(waiting="vllm:num_requests_waiting", cache_use="vllm:kv_cache_usage_perc")


@dataclass(frozen=True)
class _Hardware:
    """What the server runs on, and the options that follow from it."""

    compute: Compute
    options: list[str]
    image: str
    env: dict[str, str] = field(default_factory=dict)
    known: AcceleratorClass | None = None
    layout: str = ""


def plan_vllm(
    name: str,
    model: ModelSource,
    engine: Engine,
    options: VllmEngine,
    placement: Placement,
    settings: PlanSettings,
    wanted: Sequence[WantedAdapter],
    offered: Lora | None = None,
) -> EnginePlan:
    """Plan a vLLM server named `name`, with the adapters of all that share it; `offered`: what it offers while it runs already.

    Raises:
        UnknownAccelerator: the class is not in the operator's table.
        EngineDoesNotFit: the model does not fit it.
        LocalOnly: a file:// model in a cluster.
        VolumeNotShared, ClusterOnly: it cannot lie over several nodes here.
    """
    known = accelerator_class(engine.accelerator, settings)
    hardware = _accelerated(model, engine, options, known) if known else _processor(model, engine, options)
    files = model_files(model, name, placement, settings)
    lora = combined((lora_for((each.adapter for each in wanted), options.lora), offered))
    adapted = plan_adapters(name, model, lora, wanted, placement, settings, options.nodes) if lora else None
    draft = _draft(model, options, name, placement, settings)
    every = (files, *((draft,) if draft else ()))
    shared = (
        *hardware.options,
        *serving_options(options, adapted.options if adapted else (), draft.path if draft else None),
    )
    container = Container(
        name="engine",
        image=options.image or hardware.image,
        command=(
            "python3", "-m", "vllm.entrypoints.openai.api_server",
            "--model", files.path,
            "--served-model-name", SERVED_NAME,
            "--host", placement.bind,
            "--port", str(placement.listen(name, PORT)),
            *shared,
        ),
        compute=hardware.compute,
        env=ENV | hardware.env | (LORA_ENV if adapted else {}),
        mounts=(
            *(mount for each in every for mount in each.mounts),
            *(adapted.mounts if adapted else ()),
            ScratchMount("shared-memory", "/dev/shm", in_memory=True),  # noqa: S108
        ),
        ports=(PORT,),
        startup=Probe("http", "/health", period_seconds=5, failures=LOAD_SECONDS // 5),
        readiness=Probe("http", "/health", failures=4, timeout_seconds=10),
        liveness=liveness("python3", PORT.number, BUSY, STEPS),
    )  # fmt: skip
    workers = None
    if options.nodes > 1:
        check(container, placement)
        beside = (adapted.worker,) if adapted and adapted.worker else ()
        workers = group(container, options.nodes, files.path, shared, BUSY, beside)
        container = leader(container, options.nodes, files.path, shared)
    steps = tuple(step for each in every for step in each.steps)
    companions = (adapted.companion,) if adapted else ()
    workload = Workload(
        name=name,
        component="engine",
        container=container,
        replicas=engine.replicas,
        group=workers,
        steps=steps,
        companions=companions,
        replaced=Replaced.IN_TURN if known else Replaced.WITH_ROOM,
        drain=drain("python3", PORT.number, *BUSY),
        grace_seconds=GRACE_SECONDS,
        node_selector=known.node_selector if known else {},
        tolerations=known.tolerations if known else (),
        metrics=PORT,
        reach=reach((*steps, *companions)),
        access=ACCESS,
    )
    own = {each.name: each.adapter.name for each in wanted_adapters(model)}
    return EnginePlan(
        _target(name, model, options, placement), workload, signals=SIGNALS, layout=hardware.layout, adapters=own
    )


def _accelerated(model: ModelSource, engine: Engine, options: VllmEngine, known: AcceleratorClass) -> _Hardware:
    wanted = engine.accelerator
    if wanted is None:
        raise AssertionError("a class is known only where the spec names one")
    shape = shape_of(model, held(options, None))
    stored = shape.stored if shape else Format.BFLOAT16
    wish = Wish(
        held=held(options, shape.stored if shape else None),
        tensor=options.tensor_parallel,
        pipeline=options.pipeline_parallel,
        count=wanted.count,
        nodes=options.nodes,
        spreads=True,
        context=options.max_model_len,
        utilization=float(options.gpu_memory_utilization or UTILIZATION),
        beside=_beside(options),
    )
    chosen = fit(shape, wish, wanted.class_, known)
    resources = engine.resources
    compute = Compute(
        cpu=(resources and resources.cpu) or "4",
        memory=(resources and resources.memory) or "32Gi",
        devices={known.resource: wanted.count or chosen.layout.devices // options.nodes},
    )
    # vLLM's own default differs between versions, and the arithmetic holds for this share alone.
    flags = ["--gpu-memory-utilization", f"{wish.utilization:g}", *layout_options(chosen, stored)]
    layout = summary(chosen, wanted.class_, options.nodes) if shape and known.memory else ""
    return _Hardware(compute, flags, "vllm", known=known, layout=layout)


def _processor(model: ModelSource, engine: Engine, options: VllmEngine) -> _Hardware:
    resources = engine.resources
    cpu = (resources and resources.cpu) or "1"
    shape = shape_of(model, held(options, None))
    memory = resources.memory if resources else None
    chosen = fit_processor(shape, options.max_model_len, memory, options.nodes)
    # Every node takes a part of each layer: the CPU build cannot spread them (`assert self.intermediate_tensors is not None`).
    tensor = options.tensor_parallel or (options.nodes if options.nodes > 1 else None)
    flags = ["--dtype", "bfloat16", "--enforce-eager"]
    for flag, value in (
        ("--tensor-parallel-size", tensor),
        ("--max-model-len", chosen.context),
    ):
        flags += [flag, str(value)] if value else []
    env = CPU_ENV | {
        "VLLM_CPU_KVCACHE_SPACE": str(chosen.cache_gib),
        "OMP_NUM_THREADS": str(max(FEWEST_THREADS, ceil(amount(cpu)))),
    }
    env |= SPLIT_CPU_ENV if tensor and tensor > 1 else {}
    return _Hardware(Compute(cpu=cpu, memory=chosen.memory), flags, "vllmCpu", env)


def _beside(options: VllmEngine) -> int:
    """Bytes of the draft model, where the table has it."""
    draft = options.speculative.draft if options.speculative else None
    shape = known_model(draft.uri) if draft else None
    return weights(shape, shape.stored) if shape else 0


def _draft(
    model: ModelSource, options: VllmEngine, name: str, placement: Placement, settings: PlanSettings
) -> ModelFiles | None:
    if options.speculative is None or options.speculative.draft is None:
        return None
    return snapshot_files(options.speculative.draft, "draft", model, name, placement, settings)


def _target(name: str, model: ModelSource, options: VllmEngine, placement: Placement) -> EngineTarget:
    return EngineTarget(
        url=f"http://{placement.address(name, PORT)}",
        model=next((each.name for each in wanted_adapters(model)), SERVED_NAME),
        prefixes="Cached" if options.prefix_caching else "Forgotten",
    )
