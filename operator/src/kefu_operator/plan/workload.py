"""Workloads: long-running servers and one-off tasks, before they become pods or processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from kefu_operator.plan.group import Group
from kefu_operator.plan.reach import Access, Reach
from kefu_operator.plan.scaler import Autoscaling


@dataclass(frozen=True)
class Port:
    """A TCP port a container listens on."""

    name: str
    number: int


@dataclass(frozen=True)
class Mount:
    """A folder inside the container; `path` is where the placement puts it."""

    name: str
    path: str


@dataclass(frozen=True)
class DocumentMount(Mount):
    """Files that Kefu writes, kept in a ConfigMap of ours."""

    config_map: str
    files: Mapping[str, str]


@dataclass(frozen=True)
class ConfigMapMount(Mount):
    """A ConfigMap of the user's."""

    config_map: str


@dataclass(frozen=True)
class SecretMount(Mount):
    """A Secret; `key` mounts that key alone, as a file of the same name."""

    secret: str
    key: str | None = None
    optional: bool = False
    """Whether the container starts without it, and sees it when it comes."""


@dataclass(frozen=True)
class VolumeMount(Mount):
    """A volume that outlives the pod, claimed by Kefu."""

    claim: str
    size: str
    storage_class: str | None = None
    read_only: bool = False
    retained: bool = False
    """Whether it outlives its owner."""
    shared: bool = False
    """Whether pods of several nodes mount it; the claim is then not the workload's own."""
    many: bool = False
    """Whether pods of several nodes mount it, whosever the claim is."""
    apart: bool = False
    """Whether the claim is made by what fills it, and not by the workload."""


@dataclass(frozen=True)
class ClaimMount(Mount):
    """A PersistentVolumeClaim of the user's, read only."""

    claim: str


@dataclass(frozen=True)
class ImageMount(Mount):
    """The files of a container image, read only."""

    reference: str


@dataclass(frozen=True)
class ScratchMount(Mount):
    """A writable folder that is lost with the pod."""

    in_memory: bool = False


@dataclass(frozen=True)
class CacheMount(Mount):
    """A writable folder for what takes time to make again: kept as long as costs nothing, and lost at any time."""

    size: str
    """Beyond it the pod is evicted, so that it cannot fill its node."""


@dataclass(frozen=True)
class Probe:
    """How to ask a container how it is: HTTP GET, or a TCP connection where `path` is None, or a command where there is one."""

    port: str
    path: str | None
    period_seconds: int = 5
    failures: int = 3
    timeout_seconds: int = 3
    command: tuple[str, ...] = ()
    """Run in the container; on a laptop `path` is asked in its place."""


@dataclass(frozen=True)
class Compute:
    """What a container needs. Memory is limit and request alike; CPU is a request only, so that idle cores are used."""

    cpu: str
    memory: str
    devices: Mapping[str, int] = field(default_factory=dict)
    """Extended resources, e.g. `nvidia.com/gpu: 1`."""


@dataclass(frozen=True)
class Container:
    """One program with all it reads and writes."""

    name: str
    image: str
    """Role in the image table: operator, gateway, retrieval, milvusLite, redis, llamaCpp, vllm, vllmCpu, tensorrtLlm; or a full
    reference where the user gave one."""
    command: tuple[str, ...]
    compute: Compute
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    ports: tuple[Port, ...] = ()
    startup: Probe | None = None
    readiness: Probe | None = None
    liveness: Probe | None = None


@dataclass(frozen=True)
class Scaling:
    """Horizontal scaling on CPU; where it is set, `replicas` is never written."""

    minimum: int
    maximum: int
    cpu_percent: int


class Replaced(Enum):
    """How the pods of a workload make way for those of a newer template."""

    AHEAD = auto()
    """A new one answers before an old one goes."""
    IN_TURN = auto()
    """One by one, each in the place of an old one: there may be no accelerator for one more, nor a volume on another node."""
    WITH_ROOM = auto()
    """A new one answers before an old one goes, unless there was no room for one more: then in turn."""
    TOGETHER = auto()
    """All old ones are gone before a new one comes: they must not write to one volume at a time."""


@dataclass(frozen=True)
class Workload:
    """A server that is to run for good."""

    name: str
    component: str
    container: Container
    replicas: int = 1
    steps: tuple[Container, ...] = ()
    """Run to completion, in order, before the container starts."""
    companions: tuple[Container, ...] = ()
    """Run beside the container, in the same pod."""
    build: "Build | None" = None
    """What must have been built before it is started."""
    scaling: Scaling | None = None
    stateful: bool = False
    """Whether a pod's volume must never be held by two, not even while its node is away."""
    replaced: Replaced = Replaced.AHEAD
    """How its pods make way for newer ones."""
    cramped: bool = False
    """Whether room for one more was awaited in vain."""
    group: Group | None = None
    """Where several pods are one server; `replicas` are groups then."""
    drain: tuple[str, ...] = ()
    """Command that its container runs before it is told to end; it returns when the last answer is given."""
    grace_seconds: int = 30
    """Time to end when it is told to, draining included."""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, str], ...] = ()
    service: str = ""
    """Name of its Service, where that is another than its own."""
    public_ports: tuple[str, ...] = ()
    """Ports that the Service offers; empty: all."""
    metrics: Port | None = None
    """Where it tells Prometheus how it is, at `/metrics`."""
    autoscaling: Autoscaling | None = None
    """Of an engine; where it is set, `replicas` is written only if nothing scales it."""
    reach: Reach = field(default_factory=Reach)
    """What it calls."""
    access: Mapping[str, Access] = field(default_factory=dict)
    """Who may call it, by port; a port that is absent is for its callers."""


@dataclass(frozen=True)
class GeneratedSecret:
    """A Secret that Kefu makes once, from one random value."""

    name: str
    files: Mapping[str, str] = field(default_factory=lambda: {"key": "{}"})
    """By key; `{}` stands for the value."""
    retained: bool = False
    """Whether it outlives its owner, as the volume does that it opens."""
    followed: bool = False
    """Whether pods that run take over a new one, once it was deleted and made anew; a kubelet does not where it is immutable."""

    def contents(self, value: str) -> dict[str, str]:
        """What it holds."""
        return {key: text.replace("{}", value) for key, text in self.files.items()}


@dataclass(frozen=True)
class Task:
    """A program that is to run to completion once."""

    name: str
    component: str
    container: Container
    retries: int = 5
    deadline_seconds: int = 3600
    grace_seconds: int = 30
    """Time to end when it is told to."""
    reach: Reach = field(default_factory=Reach)
    """What it calls; nobody calls it."""
    steps: tuple[Container, ...] = ()
    """Run to completion, in order, before the container starts."""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, str], ...] = ()
    beside: str | None = None
    """A workload on whose node it must run, since both mount a volume that one node alone can hold."""
    parallelism: int = 1
    """How many pods do it together, each with its number from 0 in JOB_COMPLETION_INDEX; the first one tells what came of it."""
    together: bool = False
    """Whether all of them must run on one node, for the same reason."""


@dataclass(frozen=True)
class Build:
    """One compiled engine, named by all that went into it; engines whose builds have one name read one volume."""

    task: Task
    volume: VolumeMount
    """Where the task leaves it."""

    @property
    def name(self) -> str:
        """Of the Job, of the volume, and of the unit under which both are reconciled."""
        return self.task.name
