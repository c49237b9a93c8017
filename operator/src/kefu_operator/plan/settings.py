"""What the operator's installation decides for every plan: accelerator classes and the model hub."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class AcceleratorClass:
    """How pods ask for one kind of accelerator, and what one of them can hold."""

    resource: str
    """Extended resource, e.g. `nvidia.com/gpu` or `nvidia.com/mig-3g.40gb`."""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, str], ...] = ()
    memory: int | None = None
    """Bytes of one device as its driver reports them; None: unknown, and nothing is computed."""
    fp8: bool = False
    """Whether its matrix units multiply in FP8, so that this format may be chosen without being asked for."""
    per_node: int | None = None
    """Most devices that one pod can get: those of one node, and 1 for MIG slices, which cannot work together."""


@dataclass(frozen=True)
class ModelVolumes:
    """The volumes that downloads are kept on."""

    storage_class: str | None = None
    """None: the cluster's default."""
    shared: bool = False
    """Whether pods of several nodes can mount one (ReadWriteMany); then a namespace keeps each model once."""


@dataclass(frozen=True)
class PlanSettings:
    """Settings of the installation that plans depend on."""

    accelerators: Mapping[str, AcceleratorClass] = field(default_factory=dict)
    hub_endpoint: str | None = None
    """Mirror of the model hub (`HF_ENDPOINT`); None: the hub itself."""
    volumes: ModelVolumes = ModelVolumes()
    image_volumes: bool = True
    """Whether pods can mount images (KEP-4639); the operator asks its API server."""
    allow_http: bool = False
    """Whether models may come over plain HTTP, which is for mirrors inside a trusted network."""
    trace_endpoint: str | None = None
    """Where gateways send OpenTelemetry traces (OTLP over HTTP); None: nowhere."""
    tensorrt_llm_image: str = ""
    """What the role `tensorrtLlm` stands for: engines are read by the very version alone that built them."""
    prometheus_url: str | None = None
    """The Prometheus that scrapes gateways and engines; None: there is none."""
