"""What the operator's installation decides for every plan: accelerator classes and the model hub."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class AcceleratorClass:
    """How pods ask for one kind of accelerator."""

    resource: str
    """Extended resource, e.g. `nvidia.com/gpu`."""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class PlanSettings:
    """Settings of the installation that plans depend on."""

    accelerators: Mapping[str, AcceleratorClass] = field(default_factory=dict)
    hub_endpoint: str | None = None
    """Mirror of the model hub (`HF_ENDPOINT`); None: the hub itself."""
    allow_http: bool = False
    """Whether models may come over plain HTTP, which is for mirrors inside a trusted network."""
    trace_endpoint: str | None = None
    """Where gateways send OpenTelemetry traces (OTLP over HTTP); None: nowhere."""
