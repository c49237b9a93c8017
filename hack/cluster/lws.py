"""LeaderWorkerSet as it is installed: its kinds, its webhooks, and its controller, which runs as a process beside the API server."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from hack.cluster import gomodule
from hack.cluster.cache import binaries
from hack.cluster.pki import Authority
from hack.cluster.processes import Process, wait_until
from hack.ports import free_port, listens

Object = dict[str, Any]

CRD = "leaderworkersets.leaderworkerset.x-k8s.io"
NAME = "leaderworkerset.sigs.k8s.io/name"
"""Label of everything that the controller makes of a LeaderWorkerSet."""
PROGRAM = "lws-controller"
_MODULE = "sigs.k8s.io/lws"
_READY_SECONDS = 60.0


def crds() -> list[Path]:
    """The files of its CustomResourceDefinitions.

    Raises:
        BuildError: Go is not there, or the module cannot be had.
    """
    return gomodule.crds("lws", _MODULE)


def webhooks() -> Path:
    """The file of its webhooks' configurations, which name a Service `webhook-service`.

    Raises:
        BuildError: Go is not there, or the module cannot be had.
    """
    return gomodule.sources("lws", _MODULE) / "config" / "webhook" / "manifests.yaml"


class Controller:
    """The controller of a cluster, not running yet."""

    def __init__(self, kubeconfig: Path, folder: Path, host: str = "127.0.0.1") -> None:
        """Make its certificate in `folder`; `host` is an address of this machine that the API server reaches."""
        self._kubeconfig, self._folder, self._host = kubeconfig, folder, host
        self._port = free_port()
        authority = Authority(folder)
        # It looks for tls.crt and tls.key.
        authority.issue("tls", "/CN=lws", f"IP:{host}")
        self._authority = base64.b64encode(authority.certificate.read_bytes()).decode()

    def webhooks(self) -> list[Object]:
        """Configurations of its webhooks, as they are released, with its address."""
        found = [each for each in yaml.safe_load_all(webhooks().read_text()) if each]
        for each in found:
            for webhook in each["webhooks"]:
                path = webhook["clientConfig"]["service"]["path"]
                url = f"https://{self._host}:{self._port}{path}"
                webhook["clientConfig"] = {"url": url, "caBundle": self._authority}
                if webhook["name"] in ("mpod.kb.io", "vpod.kb.io"):
                    # As config/webhook/*-patch.yaml has it in what is released.
                    webhook["objectSelector"] = {"matchExpressions": [{"key": NAME, "operator": "Exists"}]}
        return found

    @contextmanager
    def running(self) -> Iterator[Process]:
        """While it runs.

        Raises:
            StartError: it ended, or its webhooks do not listen.
        """
        # Without a service account it would elect in a namespace that is not there.
        config = {
            "apiVersion": "config.lws.x-k8s.io/v1alpha1", "kind": "Configuration",
            "leaderElection": {"leaderElect": False}, "internalCertManagement": {"enable": False},
            "metrics": {"bindAddress": "0"}, "health": {"healthProbeBindAddress": "0"},
            "webhook": {"host": self._host, "port": self._port, "certDir": str(self._folder)},
        }  # fmt: skip
        file = self._folder / "config.json"
        file.write_text(json.dumps(config))
        words = [str(binaries() / PROGRAM), f"--config={file}", f"--kubeconfig={self._kubeconfig}"]
        started = Process(PROGRAM, words, self._folder / f"{PROGRAM}.log")
        try:
            wait_until(lambda: listens(self._port, self._host), [started], _READY_SECONDS, PROGRAM)
            yield started
        finally:
            started.stop()
