"""LeaderWorkerSet on a control plane of the tests."""

import json
import os
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hack.cluster import lws
from hack.cluster.cache import binaries
from hack.cluster.lws import CRD, Controller
from hack.cluster.processes import Process

from tests.integration.test_controller.cluster import Cluster


class Lws:
    """The controller of a control plane, not running yet."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._controller = Controller(cluster.plane.kubeconfig, folder)

    def install(self) -> None:
        """Kinds and webhooks, as `kubectl apply -f manifests.yaml` does before the controller's pod is there."""
        self._cluster.until(lambda: not self._cluster.run("get", "crd", CRD, "--ignore-not-found").strip())
        files = [word for file in lws.crds() for word in ("-f", str(file))]
        self._cluster.run("apply", "--server-side", *files)
        self._cluster.until(lambda: self._cluster.run("get", CRD, "-o", "json", check=False))
        told = {"apiVersion": "v1", "kind": "List", "items": self._controller.webhooks()}
        self._cluster.run("apply", "--server-side", "-f", "-", stdin=json.dumps(told))

    def uninstall(self) -> None:
        """As `kubectl delete -f manifests.yaml` does, in its order."""
        self._cluster.run("delete", "crd", CRD, "--ignore-not-found", "--wait=false")
        for kind in ("mutating", "validating"):
            name = f"{kind}-webhook-configuration"
            self._cluster.run("delete", f"{kind}webhookconfigurations", name, "--ignore-not-found")

    def running(self) -> AbstractContextManager[Process]:
        """While the controller runs."""
        return self._controller.running()


def needs_lws() -> None:
    """Skip what cannot be run, or takes too long for every run of the tests."""
    if not os.environ.get("KEFU_TEST_LWS"):
        pytest.skip("waits for minutes until controllers look for kinds: make test-lws")
    if not (binaries() / lws.PROGRAM).exists():
        pytest.skip(f"{lws.PROGRAM} is not built: make test-lws")
