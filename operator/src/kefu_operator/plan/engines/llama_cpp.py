"""llama.cpp's server over a GGUF file."""

from kefu_api.documents.release import EngineTarget
from kefu_api.kinds.engine import Engine, LlamaCppEngine
from kefu_api.kinds.model import ModelSource
from kefu_operator.plan.demand import EngineSignals
from kefu_operator.plan.engines.drain import GRACE_SECONDS, drain
from kefu_operator.plan.engines.plan import ACCESS, PORT, SERVED_NAME, EnginePlan, reach
from kefu_operator.plan.engines.progress import liveness
from kefu_operator.plan.model_files import model_files
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import CacheMount, Compute, Container, Probe, Replaced, Workload

LOAD_SECONDS = 600
"""Longest time for loading the weights before the pod counts as hung."""
PREFIXES = "1Gi"
"""Room for the constant prompts of some fifty chatbots: about 28 kB a token with 1.5 billion weights."""

BUSY = ("llamacpp:requests_processing", "llamacpp:requests_deferred")
STEPS = "llamacpp:n_decode_total"
"""Grows with every step of the model."""
SIGNALS = EngineSignals(waiting="llamacpp:requests_deferred")


def plan_llama_cpp(
    name: str, model: ModelSource, engine: Engine, options: LlamaCppEngine, placement: Placement, settings: PlanSettings
) -> EnginePlan:
    """Plan a llama.cpp server named `name`."""
    files = model_files(model, name, placement, settings)
    resources = engine.resources
    prefixes = CacheMount("prefixes", placement.path(name, "prefixes", writable=True), size=PREFIXES)
    container = Container(
        name="engine",
        image="llamaCpp",
        command=(
            "python", "-m", "kefu_serving.engines.llamacpp",
            "--model", files.path,
            "--alias", SERVED_NAME,
            "--host", placement.bind,
            "--port", str(placement.listen(name, PORT)),
            "--context", str(options.context_length),
            "--parallel", str(options.parallel),
            "--prefixes", prefixes.path,
        ),
        compute=Compute(
            cpu=(resources and resources.cpu) or "500m",
            memory=(resources and resources.memory) or "4Gi",
        ),
        mounts=(*files.mounts, prefixes),
        ports=(PORT,),
        startup=Probe("http", "/health", period_seconds=1, failures=LOAD_SECONDS),
        readiness=Probe("http", "/health", failures=4, timeout_seconds=10),
        liveness=liveness("python", PORT.number, BUSY, STEPS),
    )  # fmt: skip
    workload = Workload(
        name=name,
        component="engine",
        container=container,
        replicas=engine.replicas,
        steps=files.steps,
        replaced=Replaced.WITH_ROOM,
        drain=drain("python", PORT.number, *BUSY),
        grace_seconds=GRACE_SECONDS,
        metrics=PORT,
        reach=reach(files.steps),
        access=ACCESS,
    )
    target = EngineTarget(url=f"http://{placement.address(name, PORT)}", model=SERVED_NAME, prefixes="Kept")
    return EnginePlan(target, workload, signals=SIGNALS)
