"""vLLM's OpenAI-compatible server, on accelerators or with its CPU build."""

from math import ceil

from kefu_api.documents.release import EngineTarget
from kefu_api.kinds.engine import Engine, ModelSource, VllmEngine
from kefu_api.kinds.types import amount
from kefu_operator.plan.accelerators import accelerator_class
from kefu_operator.plan.engines.plan import PORT, SERVED_NAME, EnginePlan
from kefu_operator.plan.model_files import model_files
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import Compute, Container, Probe, ScratchMount, Workload

LOAD_SECONDS = 1800
"""Longest time for loading and compiling before the pod counts as hung."""

CPU_ENV = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
"""1 GiB of KV cache; threads not bound, because cores named here would be the same for all pods of a node."""
FEWEST_THREADS = 2
"""With one thread, a prompt is read at half the speed, and a request for one core is often answered with more."""


def plan_vllm(
    name: str, model: ModelSource, engine: Engine, options: VllmEngine, placement: Placement, settings: PlanSettings
) -> EnginePlan:
    """Plan a vLLM server named `name`.

    Raises:
        UnknownAccelerator: the class is not in the operator's table.
    """
    files = model_files(model, name, placement, settings)
    resources = engine.resources
    accelerator = accelerator_class(engine.accelerator, settings)
    count = engine.accelerator.count if engine.accelerator else 0
    cpu = (resources and resources.cpu) or ("4" if accelerator else "1")
    command = [
        "python3", "-m", "vllm.entrypoints.openai.api_server",
        "--model", files.path,
        "--served-model-name", SERVED_NAME,
        "--host", placement.bind,
        "--port", str(placement.listen(name, PORT)),
    ]  # fmt: skip
    if options.tensor_parallel > 1:
        command += ["--tensor-parallel-size", str(options.tensor_parallel)]
    if options.max_model_len:
        command += ["--max-model-len", str(options.max_model_len)]
    env = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    if accelerator is None:
        command += ["--dtype", "bfloat16", "--enforce-eager"]
        env |= CPU_ENV | {"OMP_NUM_THREADS": str(max(FEWEST_THREADS, ceil(amount(cpu))))}
    container = Container(
        name="engine",
        image=options.image or ("vllm" if accelerator else "vllmCpu"),
        command=tuple(command),
        compute=Compute(
            cpu=cpu,
            memory=(resources and resources.memory) or ("32Gi" if accelerator else "12Gi"),
            devices={accelerator.resource: count} if accelerator else {},
        ),
        env=env,
        mounts=(*files.mounts, ScratchMount("shared-memory", "/dev/shm", in_memory=True)),  # noqa: S108
        ports=(PORT,),
        startup=Probe("http", "/health", period_seconds=5, failures=LOAD_SECONDS // 5),
        readiness=Probe("http", "/health", failures=4, timeout_seconds=10),
        liveness=Probe("http", "/health", period_seconds=10, failures=12, timeout_seconds=10),
    )
    workload = Workload(
        name=name,
        component="engine",
        container=container,
        replicas=engine.replicas,
        steps=files.steps,
        exclusive=True,
        grace_seconds=60,
        node_selector=accelerator.node_selector if accelerator else {},
        tolerations=accelerator.tolerations if accelerator else (),
    )
    address = placement.address(name, PORT)
    return EnginePlan(EngineTarget(url=f"http://{address}", model=SERVED_NAME, prefixes="Cached"), workload)
