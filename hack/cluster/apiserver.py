"""A control plane for integration tests: only etcd and kube-apiserver, on free loopback ports, ready in seconds.

It needs no root and leaves nothing behind. There is no scheduler and no kubelet, and pods stay pending. With
`controllers=True` the controller manager runs too: namespaces end, owned objects are collected, Deployments and
HorizontalPodAutoscalers act.
"""

import atexit
import shutil
import ssl
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from hack.cluster import audit
from hack.cluster.cache import binaries
from hack.cluster.gobuild import build, missing
from hack.cluster.kubeconfig import write_kubeconfig
from hack.cluster.pki import Authority
from hack.cluster.processes import Process, wait_until
from hack.cluster.programs import groups_named
from hack.ports import free_port

_NAMES = "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.96.0.1"
_READY_SECONDS = 120.0
_COLLECTING = ("GOGC=400", "GOMEMLIMIT=700MiB")
"""Of both programs: a small heap is collected often, which is a sixth of the API server's processor time in the tests; one that has
grown large is collected as ever."""
_COLLECTING_MUCH = ("GOGC=100", "GOMEMLIMIT=6GiB")
"""The same where the heaps are large: near its limit a heap would be collected without end."""
_MUCH_IN_ETCD = ("--quota-backend-bytes=8589934592",)
_ADDRESSES_IN_ONE_OBJECT = ("--emulated-version=1.33", "--feature-gates=MultiCIDRServiceAllocator=false")
"""Kubernetes from 1.33 on counts all addresses of Services each time that it gives one: the 1,000th Service took 3 ms here and the 8,000th
17, where with the allocator of before each takes 1.4 (pkg/registry/core/service/ipallocator, `setAllocated(…, a.Used())`)."""


class ControlPlane:
    """etcd and kube-apiserver with an administrator's kubeconfig; use it as a context manager or call `stop`.

    Attributes:
        kubeconfig: path of the administrator's kubeconfig.
        audit_log: JSON lines, one a request, at level Metadata; watches and the cluster's own requests left out.
        url: the API server's address.
        folder: logs, certificates and data, removed by `stop`.
    """

    def __init__(self, controllers: bool = False, *, many: bool = False) -> None:
        """Start and wait until ready, building the programs first where the cache lacks them.

        Args:
            controllers: with kube-controller-manager.
            many: for hundreds of thousands of objects: more memory, and a Service's address costs as much as the one before.

        Raises:
            BuildError, PreflightError: see `hack.cluster.gobuild.build`.
            StartError: a process ended or stayed unready; the text quotes its log.
        """
        wanted = ["etcd", "kube-apiserver", "kubectl", *(["kube-controller-manager"] if controllers else [])]
        if missing(wanted):
            build(groups_named(wanted))
        self.folder = Path(tempfile.mkdtemp(prefix="kefu-apiserver-"))
        self._processes: list[Process] = []
        self._many = many
        self._authority = Authority(self.folder / "pki")
        self._policy = audit.write_policy(self.folder / "audit-policy.json")
        self.audit_log = self.folder / "audit.log"
        self.audit_log.touch()
        self.url = ""
        atexit.register(self.stop)
        try:
            self._start()
            self.kubeconfig = self.user("admin", groups=("system:masters",))
            if controllers:
                self._start_controllers()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        """Return itself; it runs already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    @property
    def kubectl(self) -> Path:
        """The kubectl that belongs to this server."""
        return binaries() / "kubectl"

    @property
    def pids(self) -> list[int]:
        """The ids of the running processes."""
        return [process.pid for process in self._processes]

    def user(self, name: str, groups: tuple[str, ...] = ()) -> Path:
        """Return a kubeconfig for a user of that name in these groups, to be given rights by RBAC objects."""
        subject = "".join(f"/O={group}" for group in groups) + f"/CN={name}"
        stem = "user-" + "".join(letter if letter.isalnum() else "-" for letter in name)
        credentials = self._authority.issue(stem, subject)
        return write_kubeconfig(
            self.folder / f"{stem}.kubeconfig", self.url, self._authority.certificate, credentials, name
        )

    def stop(self) -> None:
        """End the processes and remove the folder; a second call does nothing."""
        atexit.unregister(self.stop)
        while self._processes:
            self._processes.pop().stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        client, peer, secure = free_port(), free_port(), free_port()
        self.url = f"https://127.0.0.1:{secure}"
        self._run("etcd", [
            "--data-dir", str(self.folder / f"etcd-{client}"), "--unsafe-no-fsync", "--log-level", "warn",
            "--listen-client-urls", f"http://127.0.0.1:{client}", "--advertise-client-urls", f"http://127.0.0.1:{client}",
            "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
            "--initial-cluster", f"default=http://127.0.0.1:{peer}", *(_MUCH_IN_ETCD if self._many else ()),
        ])  # fmt: skip
        certificate, key = self._authority.issue("apiserver", "/CN=kube-apiserver", _NAMES)
        signing = self._authority.signing_key("sa")
        self._run("kube-apiserver", [
            f"--etcd-servers=http://127.0.0.1:{client}", "--bind-address=127.0.0.1", f"--secure-port={secure}",
            f"--tls-cert-file={certificate}", f"--tls-private-key-file={key}",
            f"--client-ca-file={self._authority.certificate}", "--authorization-mode=RBAC",
            f"--service-account-key-file={signing}", f"--service-account-signing-key-file={signing}",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            "--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged",
            # Without a controller manager no namespace gets its default service account, and no pod would be let in.
            "--disable-admission-plugins=ServiceAccount", *audit.flags(self._policy, self.audit_log),
            *(_ADDRESSES_IN_ONE_OBJECT if self._many else ()),
        ])  # fmt: skip
        wait_until(self._ready, self._processes, _READY_SECONDS, "kube-apiserver")

    def _start_controllers(self) -> None:
        config, port = self.user("system:kube-controller-manager"), free_port()
        certificate, key = self._authority.issue("controllers", "/CN=controllers", _NAMES)
        self._run("kube-controller-manager", [
            f"--kubeconfig={config}", f"--authentication-kubeconfig={config}", f"--authorization-kubeconfig={config}",
            f"--secure-port={port}", "--bind-address=127.0.0.1", f"--tls-cert-file={certificate}", f"--tls-private-key-file={key}",
            f"--root-ca-file={self._authority.certificate}", "--leader-elect=false",
            f"--service-account-private-key-file={self.folder / 'pki' / 'sa.key'}", "--use-service-account-credentials",
        ])  # fmt: skip
        healthy = f"https://127.0.0.1:{port}/healthz"
        wait_until(lambda: self._answers(healthy), self._processes, _READY_SECONDS, "kube-controller-manager")

    def _run(self, program: str, arguments: list[str]) -> None:
        command = ["env", *(_COLLECTING_MUCH if self._many else _COLLECTING), str(binaries() / program), *arguments]
        self._processes.append(Process(program, command, self.folder / f"{program}.log"))

    def _ready(self) -> bool:
        return self._answers(f"{self.url}/readyz")

    def _answers(self, url: str) -> bool:
        context = ssl.create_default_context(cafile=str(self._authority.certificate))
        try:
            with urllib.request.urlopen(url, timeout=2, context=context) as answer:
                return bool(answer.status == 200)
        except OSError:  # URLError is one
            return False
