"""What a spec asks of the fit, and what is left for the fit to choose."""

from dataclasses import dataclass

from kefu_operator.plan.fit.shape import Format

UTILIZATION = 0.9
"""Share of a device's memory that the engine may use where the spec names none; the rest is for CUDA graphs and others."""


@dataclass(frozen=True)
class Wish:
    """None: to be chosen."""

    held: Format | None = None
    """What the layers' weights are held in, which is also what files that are quantised already hold."""
    tensor: int | None = None
    pipeline: int | None = None
    count: int | None = None
    """Devices a pod."""
    nodes: int = 1
    """Pods that the layers are spread over, each on a node of its own."""
    context: int | None = None
    """Longest context in tokens."""
    utilization: float = UTILIZATION
    beside: int = 0
    """Bytes of other weights that are split as the model's are: those of a draft model."""
    engine: str = "vllm"
    """Field of `spec.engine` that messages name."""
    spreads: bool = False
    """Whether `nodes` can be asked for below that field."""
    quantises: bool = True
    """Whether the engine can quantise while loading; else it serves what the files hold."""
