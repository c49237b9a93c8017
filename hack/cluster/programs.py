"""Which programs the cluster is made of, and from which Go packages each is compiled.

A group shares one go.mod, so that a package that several of its programs need is compiled once: apart, the programs of
`core` are 5,277 packages, and together 3,201. What few need lives in groups of its own.
"""

from dataclasses import dataclass
from pathlib import Path

from hack.cluster.cache import cache_root, digest
from hack.cluster.errors import UsageError

GO_MODULES = Path(__file__).parent / "go"
KUBERNETES_VERSION = "v1.36.3"
KEDA_VERSION = "2.21.0"
MILVUS_OPERATOR_VERSION = "1.3.7"

_MILVUS_OPERATOR = "github.com/zilliztech/milvus-operator"
_VERSION = "k8s.io/component-base/version"
# Without these the API server calls itself v0.0.0, and Helm's version checks fail.
_KUBERNETES_LDFLAGS = (
    f"-X {_VERSION}.gitVersion={KUBERNETES_VERSION} -X {_VERSION}.gitMajor=1 -X {_VERSION}.gitMinor=36 "
    f"-X {_VERSION}.gitTreeState=clean"
)


@dataclass(frozen=True)
class Group:
    """Programs compiled from one go.mod: name -> Go package."""

    name: str
    packages: dict[str, str]
    ldflags: str = ""
    optional: bool = False
    home: Path = GO_MODULES

    @property
    def folder(self) -> Path:
        """The folder of the group's go.mod and go.sum."""
        return self.home / self.name

    @property
    def flags(self) -> list[str]:
        """Arguments of `go build`, the same on every machine so that the key means the same binary."""
        # -s -w leave the debugging tables out of the binary; the compiler need not make them either.
        return [
            "-trimpath", "-buildvcs=false", "-gcflags", "all=-dwarf=false", "-ldflags", f"-s -w {self.ldflags}".strip(),
        ]  # fmt: skip

    @property
    def key(self) -> str:
        """The content key: what goes into the compiler, apart from the compiler itself."""
        sources = [path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()]
        packages = [f"{name}={package}" for name, package in sorted(self.packages.items())]
        return digest([*sources, " ".join(self.flags).encode(), " ".join(packages).encode()])

    @property
    def output(self) -> Path:
        """Where the group's programs lie once built."""
        return cache_root() / "bin" / f"{self.name}-{self.key}"


_COMMANDS = (
    "kube-apiserver",
    "kubectl",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
)

GROUPS: tuple[Group, ...] = (
    Group(
        "core",
        {
            **{name: f"k8s.io/kubernetes/cmd/{name}" for name in _COMMANDS},
            "etcd": "go.etcd.io/etcd/server/v3",
            # The newest Helm that is made for the Kubernetes libraries of this version.
            "helm": "helm.sh/helm/v4/cmd/helm",
            # A main program of our own: CoreDNS's has many plugins, and takes four times as long to compile.
            "coredns": "./coredns",
        },
        _KUBERNETES_LDFLAGS,
    ),
    Group(
        "metrics-server",
        {"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"},
        f"-X {_VERSION}.gitVersion=v0.9.0",
        optional=True,
    ),
    # The operator scales from and to zero; the adapter serves the same figures to HorizontalPodAutoscalers.
    Group(
        "keda",
        {
            "keda-operator": "github.com/kedacore/keda/v2/cmd/operator",
            "keda-adapter": "github.com/kedacore/keda/v2/cmd/adapter",
        },
        f"-X github.com/kedacore/keda/v2/version.Version={KEDA_VERSION}",
        optional=True,
    ),
    # The Milvus operator, and what its image brings for the pods that it makes. `milvus-minio` is ours: what MinIO answers beside S3.
    Group(
        "milvus-operator",
        {
            "milvus-operator": _MILVUS_OPERATOR,
            "milvus-cp": f"{_MILVUS_OPERATOR}/tool/cp",
            "milvus-merge": f"{_MILVUS_OPERATOR}/tool/merge",
            "milvus-iam-verify": f"{_MILVUS_OPERATOR}/tool/iam-verify",
            "milvus-minio": "./minio",
        },
        f"-X {_MILVUS_OPERATOR}/apis/milvus.io/v1beta1.Version={MILVUS_OPERATOR_VERSION}",
        optional=True,
    ),
    # The controller of LeaderWorkerSets; of versions after 0.9.0 the Go module proxy serves no source.
    Group("lws", {"lws-controller": "sigs.k8s.io/lws/cmd"}, optional=True),
    Group("kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}, optional=True),
    # A real S3 server over a folder, for the tests of S3 sources.
    Group("versitygw", {"versitygw": "github.com/versity/versitygw/cmd/versitygw"}, optional=True),
    # The controller that the operator's benchmark is held against.
    Group("bench", {"bench-peer": "."}, optional=True, home=GO_MODULES.parents[1]),
)


def groups_named(names: list[str]) -> list[Group]:
    """Return the groups that hold the named groups or programs; without names, every one that is not optional.

    Raises:
        UsageError: when no group and no program has such a name.
    """
    if not names:
        return [group for group in GROUPS if not group.optional]
    chosen = [group for group in GROUPS if group.name in names or set(names) & set(group.packages)]
    known = {name for group in GROUPS for name in (group.name, *group.packages)}
    unknown = sorted(set(names) - known)
    if unknown:
        raise UsageError(f"nothing to build is called {', '.join(unknown)}; choose from {', '.join(sorted(known))}")
    return chosen
