"""Settings of the operator: environment variables, and tables mounted as one YAML file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from kefu_api.kinds.types import HttpUrl, Size, amount
from kefu_operator.desired.images import DEFAULTS, ROLES, Images
from kefu_operator.desired.network import AS_IT_COMES, SYSTEM, Network
from kefu_operator.errors import SettingsError
from kefu_operator.plan.settings import AcceleratorClass, ModelVolumes, PlanSettings

MAX_FILE_BYTES = 1_000_000


class _Table(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class _Accelerator(_Table):
    resource: Annotated[str, Field(min_length=1, max_length=253)]
    node_selector: dict[str, str] = {}
    tolerations: tuple[dict[str, Any], ...] = ()
    memory: Size | None = None
    fp8: bool = False
    per_node: Annotated[int, Field(ge=1, le=64)] | None = None

    def known(self) -> AcceleratorClass:
        """As plans see it."""
        memory = int(amount(self.memory)) if self.memory else None
        return AcceleratorClass(self.resource, self.node_selector, self.tolerations, memory, self.fp8, self.per_node)


class _Images(_Table):
    table: dict[str, Annotated[str, Field(min_length=1, max_length=512)]] = {}
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    pull_secrets: tuple[str, ...] = ()


class _ModelHub(_Table):
    endpoint: str | None = None
    allow_http: bool = False


class _ModelVolumes(_Table):
    storage_class: str | None = None
    shared: bool = False


class _Tracing(_Table):
    endpoint: str | None = None


class _Prometheus(_Table):
    url: HttpUrl | None = None


class _NetworkPolicies(_Table):
    enabled: bool = True
    customers: tuple[dict[str, Any], ...] = ()
    pushers: tuple[dict[str, Any], ...] = ()
    scrapers: tuple[dict[str, Any], ...] = ()
    api_server: tuple[dict[str, Any], ...] = (dict(SYSTEM),)


class _File(_Table):
    """The file that the chart mounts (`KEFU_CONFIG`)."""

    images: _Images = _Images()
    accelerators: dict[str, _Accelerator] = {}
    model_hub: _ModelHub = _ModelHub()
    model_volumes: _ModelVolumes = _ModelVolumes()
    tracing: _Tracing = _Tracing()
    prometheus: _Prometheus = _Prometheus()
    network_policies: _NetworkPolicies = _NetworkPolicies()


@dataclass(frozen=True)
class LeasePlace:
    """The Lease by which several operators agree on who writes."""

    namespace: str
    name: str


@dataclass(frozen=True)
class Settings:
    """Everything that an installation decides."""

    images: Images
    plan: PlanSettings
    network: Network = AS_IT_COMES
    namespaces: tuple[str, ...] = ()
    """Namespaces to watch; empty: all of them."""
    kubeconfig: Path | None = None
    """None: the pod's service account."""
    port: int = 8080
    """Of /healthz, /readyz and /metrics."""
    host: str = "0.0.0.0"
    workers: int = 10
    """Reconciles at a time: enough to hide the API server's latency, few enough to be fair to it."""
    resync_seconds: float = 600
    """After so long every object is looked at again, changed or not; jittered by a fifth."""
    log_level: str = "INFO"
    lease: LeasePlace | None = None
    """None: there is no other operator, and this one writes at once."""


def load(environment: Mapping[str, str]) -> Settings:
    """Settings from the environment.

    KEFU_CONFIG: path of the tables (images, accelerators, modelHub, modelVolumes, tracing, prometheus, networkPolicies); absent: defaults.
    KEFU_NAMESPACES: namespaces to watch, separated by commas; empty: all. KUBECONFIG: absent means the service account.
    KEFU_PORT, KEFU_WORKERS, KEFU_RESYNC_SECONDS, KEFU_LOG_LEVEL: see `Settings`.
    KEFU_LEASE: `namespace/name` of the Lease that operators agree by; absent: this one is alone.

    Raises:
        SettingsError: names the variable or the file's field.
    """
    tables = _read(environment.get("KEFU_CONFIG"))
    config = environment.get("KUBECONFIG")
    return Settings(
        images=Images({**DEFAULTS, **tables.images.table}, tables.images.pull_policy, tables.images.pull_secrets),
        plan=PlanSettings(
            accelerators={name: known.known() for name, known in tables.accelerators.items()},
            hub_endpoint=tables.model_hub.endpoint or None,
            volumes=ModelVolumes(tables.model_volumes.storage_class or None, tables.model_volumes.shared),
            allow_http=tables.model_hub.allow_http,
            trace_endpoint=tables.tracing.endpoint or None,
            tensorrt_llm_image=tables.images.table.get("tensorrtLlm", DEFAULTS["tensorrtLlm"]),
            prometheus_url=tables.prometheus.url,
        ),
        network=Network(
            tables.network_policies.enabled,
            tables.network_policies.customers,
            tables.network_policies.pushers,
            tables.network_policies.scrapers,
            _namespace(tables.prometheus.url),
            tables.network_policies.api_server,
        ),
        namespaces=tuple(filter(None, map(str.strip, environment.get("KEFU_NAMESPACES", "").split(",")))),
        kubeconfig=Path(config) if config else None,
        port=_number(environment, "KEFU_PORT", 8080),
        host=environment.get("KEFU_HOST", "0.0.0.0"),
        workers=_number(environment, "KEFU_WORKERS", 10),
        resync_seconds=_number(environment, "KEFU_RESYNC_SECONDS", 600),
        log_level=environment.get("KEFU_LOG_LEVEL", "INFO").upper(),
        lease=_lease(environment.get("KEFU_LEASE", "")),
    )


def _read(path: str | None) -> _File:
    if not path:
        return _File()
    try:
        text = Path(path).read_text()
        tables = _File.model_validate(yaml.safe_load(text) or {}) if len(text) <= MAX_FILE_BYTES else None
    except OSError as error:
        raise SettingsError(f"KEFU_CONFIG: {path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise SettingsError(f"KEFU_CONFIG: {path} is no YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(
            f"KEFU_CONFIG: {path}: {'.'.join(map(str, first['loc']))}: {first['msg']}; correct the chart's value"
        ) from error
    if tables is None:
        raise SettingsError(f"KEFU_CONFIG: {path} is larger than {MAX_FILE_BYTES} bytes")
    unknown = sorted(set(tables.images.table) - set(ROLES))
    if unknown:
        raise SettingsError(f"KEFU_CONFIG: images.table: unknown role {unknown[0]!r}; roles are {', '.join(ROLES)}")
    return tables


def _namespace(url: str | None) -> str | None:
    """Of a Service by its address, as far as that tells: `http://name.namespace.svc:9090`."""
    labels = (urlsplit(url or "").hostname or "").split(".")
    return labels[1] if labels[2:3] == ["svc"] else None


def _lease(text: str) -> LeasePlace | None:
    if not text:
        return None
    namespace, _, name = text.partition("/")
    if not namespace or not name or "/" in name:
        raise SettingsError(f"KEFU_LEASE: must be namespace/name of a Lease, got {text!r}")
    return LeasePlace(namespace, name)


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise SettingsError(f"{name}: must be a whole number above 0, got {text!r}")
    return int(text)
