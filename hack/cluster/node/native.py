"""The native provider: upstream Kubernetes compiled here, running in namespaces of its own on this machine."""

import json
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hack.cluster import audit, keda
from hack.cluster.cache import locked
from hack.cluster.errors import ClusterError, StartError, UsageError
from hack.cluster.gobuild import build
from hack.cluster.kubectl import apply, apply_files, kubectl
from hack.cluster.node import addons, config, credentials, images, namespaces, preflight
from hack.cluster.node.layout import CONTAINERD_SOCKET, HOST_IP, NODE_IP, NODE_NAME, layout
from hack.cluster.node.pause import write_pause_archive
from hack.cluster.part import Part
from hack.cluster.processes import tail
from hack.cluster.programs import groups_named
from hack.cluster.progress import say

_READY_SECONDS = 180.0
_LOG_LINES = 400
_IMPORTS = 2
"""Images unpacked at a time."""


class Native:
    """One node called kefu at 172.31.255.2, joined to the host by a veth pair."""

    def __init__(self) -> None:
        """Nothing starts yet."""
        self._node = layout()

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self._node.kubeconfig("admin")

    def start_runtime(self) -> None:
        """Make the node and start its container runtime, unless it has one; `up` goes on from there."""
        preflight.check_root()
        with locked("node"):
            if not self._healthy():
                self._make()

    def up(self, extras: list[str]) -> None:
        """Start the node unless it runs; what is left of a dead one is cleared away first."""
        preflight.check_root()
        with locked("node"):
            if self._healthy():
                self._check_extras(extras)
                say(f"the cluster is up already at {NODE_IP}")
                return
            self._make()
            build(groups_named([]) + (groups_named(extras) if extras else []))
            self._start(extras)

    def down(self) -> None:
        """End every process and remove link, cgroups, mounts and state."""
        preflight.check_root()
        with locked("node"):
            namespaces.destroy(self._node)
        left = namespaces.leftovers(self._node)
        if left:
            raise StartError(f"these are still there, end them by hand: {', '.join(left)}")
        say("the cluster is down; nothing of it is left but the cache")

    def status(self) -> list[Part]:
        """Say what runs: the namespaces, each component, the node."""
        pid = namespaces.init_pid(self._node)
        if pid is None:
            return [Part("node", False, "start it with: python3 -m hack.cluster up")]
        state = json.loads(self._node.components.read_text()) if self._node.components.exists() else {}
        parts = [Part(name, one["running"], f"restarted {one['restarts']} times" if one["restarts"] else "")
                 for name, one in state.items()]  # fmt: skip
        return [Part("node", self._healthy(), f"pid {pid}, {NODE_IP}"), *parts]

    def environment(self) -> dict[str, str]:
        """Return KUBECONFIG, KEFU_AUDIT_LOG, KEFU_HOST_IP (where pods reach this machine), KEFU_NODE."""
        return {
            "KEFU_CLUSTER": "native",
            "KUBECONFIG": str(self.kubeconfig),
            "KEFU_AUDIT_LOG": str(self._node.audit_log),
            "KEFU_HOST_IP": HOST_IP,
            "KEFU_NODE": str(self._node.root),
        }

    def command(self, words: list[str]) -> list[str]:
        """Return the command line that runs these words in the node's namespaces."""
        pid = namespaces.init_pid(self._node)
        if pid is None:
            raise UsageError("the cluster is not up; start it with: python3 -m hack.cluster up")
        return namespaces.enter(pid, words)

    def load(self, archives: list[Path]) -> None:
        """Import docker-archives into the node's containerd, but for those that it has already."""
        present = images.listed(self._ctr("images", "ls"))
        missing = []
        for archive in archives:
            if images.complete(images.references(archive), present):
                say(f"{archive.name} is loaded already")
            else:
                missing.append(archive)
        # What all share comes with the first; the others' own layers are unpacked beside one another.
        for archive in missing[:1]:
            self._import(archive)
        with ThreadPoolExecutor(_IMPORTS) as pool:
            list(pool.map(self._import, missing[1:]))

    def _import(self, archive: Path) -> None:
        began = time.monotonic()
        self._ctr("images", "import", str(archive))
        say(f"loaded {archive.name} in {time.monotonic() - began:.1f} s")

    def logs(self, component: str | None) -> str:
        """Return the end of a component's log, or the names of those that have one."""
        names = sorted(path.stem for path in self._node.logs.glob("*.log"))
        if component is None:
            return "\n".join(names)
        if component not in names:
            raise UsageError(f"there is no log of {component!r}; choose from {', '.join(names) or '(none: not up)'}")
        return tail(self._node.logs / f"{component}.log", _LOG_LINES)

    def _ctr(self, *words: str) -> str:
        command = self.command(["ctr", "-a", CONTAINERD_SOCKET, "-n", "k8s.io", *words])
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ClusterError(f"ctr {' '.join(words)} failed: {done.stderr.strip()[-500:]}")
        return done.stdout

    def _make(self) -> None:
        """The node with nothing but its container runtime, unless there is such a one."""
        node = self._node
        if namespaces.init_pid(node) is not None and not node.extras.exists():
            return
        if namespaces.leftovers(node):
            say("clearing away what is left of an earlier node")
            namespaces.destroy(node)
        preflight.check(node.root)
        for folder in (node.logs, node.config, node.volumes, node.audit_log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        node.root.chmod(0o711)
        credentials.issue_all(node)
        config.write_all(node)
        audit.write_policy(node.config / "audit-policy.json")
        write_pause_archive(node.pause_archive)
        namespaces.create(node)
        self._wait("the container runtime", self._runtime_ready)

    def _start(self, extras: list[str]) -> None:
        say("starting the node")
        partial = self._node.extras.with_suffix(".partial")
        partial.write_text(json.dumps(extras))
        partial.replace(self._node.extras)
        self._wait("the API server", self._api_ready)
        apply(self.kubeconfig, addons.objects(extras))
        if "keda" in extras:
            apply_files(self.kubeconfig, keda.crds())
        self._wait("the node", self._node_ready)
        self._wait("the default service account", self._accounts_ready)
        say(f'the cluster is up at {NODE_IP}; for your shell: eval "$(python3 -m hack.cluster env)"')

    def _wait(self, what: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not ready():
            if namespaces.init_pid(self._node) is None:
                raise StartError(f"the node ended; its log ends:\n{tail(self._node.logs / 'init.log')}")
            if time.monotonic() > deadline:
                raise StartError(
                    f"{what} was not ready within {_READY_SECONDS:.0f} s; see `python3 -m hack.cluster status` and "
                    f"the logs in {self._node.logs}, then `down` and `up` again"
                )
            time.sleep(0.2)
        say(f"{what} is ready")

    def _runtime_ready(self) -> bool:
        try:
            self._ctr("version")
        except ClusterError:
            return False
        return True

    def _healthy(self) -> bool:
        return namespaces.init_pid(self._node) is not None and self._node.extras.exists() and self._node_ready()

    def _check_extras(self, extras: list[str]) -> None:
        running: list[str] = json.loads(self._node.extras.read_text())
        absent = sorted(set(extras) - set(running))
        if absent:
            raise UsageError(f"the cluster runs without {', '.join(absent)}; run `down`, then `up` with it")

    def _api_ready(self) -> bool:
        return self._succeeds("get", "--raw", "/readyz")

    def _node_ready(self) -> bool:
        return self._succeeds("wait", "--for=condition=Ready", f"node/{NODE_NAME}", "--timeout=1s")

    def _accounts_ready(self) -> bool:
        return self._succeeds("get", "serviceaccount", "default", "-n", "default")

    def _succeeds(self, *words: str) -> bool:
        try:
            kubectl(self.kubeconfig, *words)
        except ClusterError:
            return False
        return True
