"""LeaderWorkerSet as it is installed: its kinds, its webhooks, and its controller, which runs as a process on loopback."""

import base64
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hack.cluster import lws
from hack.cluster.cache import binaries
from hack.cluster.pki import Authority
from hack.cluster.processes import Process, wait_until
from hack.ports import free_port

from tests.integration.test_controller.cluster import Cluster

Object = dict[str, Any]

CRD = "leaderworkersets.leaderworkerset.x-k8s.io"
NAME = "leaderworkerset.sigs.k8s.io/name"
"""Label of everything that the controller makes of a LeaderWorkerSet."""
_PROGRAM = "lws-controller"
_READY_SECONDS = 60.0


class Lws:
    """The controller of a control plane, not running yet."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._folder = folder
        self._port = free_port()
        authority = Authority(folder)
        certificate, key = authority.issue("tls", "/CN=lws", "IP:127.0.0.1")
        assert (certificate.name, key.name) == ("tls.crt", "tls.key")
        self._authority = base64.b64encode(authority.certificate.read_bytes()).decode()

    def install(self) -> None:
        """Kinds and webhooks, as `kubectl apply -f manifests.yaml` does before the controller's pod is there."""
        self._cluster.until(lambda: not self._cluster.run("get", "crd", CRD, "--ignore-not-found").strip())
        files = [word for file in lws.crds() for word in ("-f", str(file))]
        self._cluster.run("apply", "--server-side", *files)
        self._cluster.until(lambda: self._cluster.run("get", CRD, "-o", "json", check=False))
        told = {"apiVersion": "v1", "kind": "List", "items": self._webhooks()}
        self._cluster.run("apply", "--server-side", "-f", "-", stdin=json.dumps(told))

    def uninstall(self) -> None:
        """As `kubectl delete -f manifests.yaml` does, in its order."""
        self._cluster.run("delete", "crd", CRD, "--ignore-not-found", "--wait=false")
        for kind in ("mutating", "validating"):
            name = f"{kind}-webhook-configuration"
            self._cluster.run("delete", f"{kind}webhookconfigurations", name, "--ignore-not-found")

    @contextmanager
    def running(self) -> Iterator[Process]:
        """While the controller runs."""
        program = binaries() / _PROGRAM
        # Without a service account it would elect in a namespace that is not there.
        config = {
            "apiVersion": "config.lws.x-k8s.io/v1alpha1", "kind": "Configuration",
            "leaderElection": {"leaderElect": False}, "internalCertManagement": {"enable": False},
            "metrics": {"bindAddress": "0"}, "health": {"healthProbeBindAddress": "0"},
            "webhook": {"host": "127.0.0.1", "port": self._port, "certDir": str(self._folder)},
        }  # fmt: skip
        file = self._folder / "config.json"
        file.write_text(json.dumps(config))
        words = [str(program), f"--config={file}", f"--kubeconfig={self._cluster.plane.kubeconfig}"]
        started = Process(_PROGRAM, words, self._folder / f"{_PROGRAM}.log")
        try:
            wait_until(self._listens, [started], _READY_SECONDS, _PROGRAM)
            yield started
        finally:
            started.stop()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def _webhooks(self) -> list[Object]:
        found = [each for each in yaml.safe_load_all(lws.webhooks().read_text()) if each]
        for each in found:
            for webhook in each["webhooks"]:
                path = webhook["clientConfig"]["service"]["path"]
                url = f"https://127.0.0.1:{self._port}{path}"
                webhook["clientConfig"] = {"url": url, "caBundle": self._authority}
                if webhook["name"] in ("mpod.kb.io", "vpod.kb.io"):
                    # As config/webhook/*-patch.yaml has it in what is released.
                    webhook["objectSelector"] = {"matchExpressions": [{"key": NAME, "operator": "Exists"}]}
        return found


def needs_lws() -> None:
    """Skip what cannot be run, or takes too long for every run of the tests."""
    if not os.environ.get("KEFU_TEST_LWS"):
        pytest.skip("waits for minutes until controllers look for kinds: make test-lws")
    if not (binaries() / _PROGRAM).exists():
        pytest.skip(f"{_PROGRAM} is not built: make test-lws")
