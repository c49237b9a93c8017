"""One API server with our kinds for all tests of this folder."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hack.cluster.apiserver import ControlPlane

from kefu_api.crd.definition import DEFINITIONS
from tests.integration.test_api.server import NAMESPACE, Server

CRDS = Path(__file__).parents[3] / "crds"


@pytest.fixture(scope="package")
def plane() -> Iterator[ControlPlane]:
    with ControlPlane() as started:
        yield started


@pytest.fixture(scope="package")
def server(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With the committed CRDs established and an empty namespace."""
    found = Server(plane.kubeconfig)
    for definition in DEFINITIONS:
        crd = yaml.safe_load((CRDS / definition.file).read_text(encoding="utf-8"))
        created = found.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
        assert created.accepted, created.message
    found.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    for definition in DEFINITIONS:
        _wait_until_served(found, definition.kind)
    yield found
    found.close()


def _wait_until_served(server: Server, kind: str) -> None:
    for _ in range(300):
        if server.request("GET", server.collection(kind)).accepted:
            return
        time.sleep(0.1)
    raise TimeoutError(f"{kind} is not served")
