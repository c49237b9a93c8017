"""Fixtures: one control plane for all tests, a namespace and an operator for each."""

import asyncio
import itertools
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from hack.cluster.apiserver import ControlPlane

from kefu_operator.desired.images import Images
from kefu_operator.plan.settings import AcceleratorClass, PlanSettings
from kefu_operator.reconcile import farewell
from kefu_operator.run import Operator
from kefu_operator.settings import Settings
from tests.integration.test_controller.chart import install_chart
from tests.integration.test_controller.cluster import OPERATOR_USER, Cluster

_numbers = itertools.count()


class RunningOperator:
    """The whole operator in a thread of this process, as `python -m kefu_operator` runs it."""

    def __init__(self, settings: Settings) -> None:
        self.operator = Operator(settings)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ended: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self.operator.run(self._stop))
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
        except Exception as error:  # noqa: BLE001 - handed to the test that waits
            self._ended.set_exception(error)
        else:
            self._ended.set_result(None)
        finally:
            self._loop.close()

    @property
    def is_ready(self) -> bool:
        return not self.operator.not_ready()

    def stop(self) -> None:
        if not self._ended.done():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._ended.result(timeout=60)
        self._thread.join(timeout=60)


@pytest.fixture(autouse=True)
def short_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine goes as soon as nobody wants it: no gateway asks it here."""
    monkeypatch.setattr(farewell, "SECONDS", 0)


def total(running: RunningOperator, name: str) -> float:
    """Sum of a counter over all its labels."""
    samples = (sample for family in running.operator.registry.collect() for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name == name)


def reconciles(running: RunningOperator) -> float:
    return total(running, "kefu_operator_reconciles_total")


def settings(kubeconfig: Path, namespace: str) -> Settings:
    return Settings(
        images=Images(),
        plan=PlanSettings(accelerators={"nvidia": AcceleratorClass("nvidia.com/gpu")}),
        namespaces=(namespace,),
        kubeconfig=kubeconfig,
        port=0,
        host="127.0.0.1",
    )


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    with ControlPlane() as started:
        install_chart(Cluster(started, "default"))
        yield started


@pytest.fixture(scope="session")
def kubeconfig(plane: ControlPlane) -> Path:
    """Of a user who has the rights that the chart gives to the operator, and no others."""
    return plane.user(OPERATOR_USER)


@pytest.fixture
def cluster(plane: ControlPlane) -> Iterator[Cluster]:
    name = f"shop-{next(_numbers)}"
    created = Cluster(plane, name)
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    created.run("apply", "-f", "-", stdin=json.dumps(space))
    yield created
    created.close()


@pytest.fixture
def operator(cluster: Cluster, kubeconfig: Path) -> Iterator[RunningOperator]:
    running = RunningOperator(settings(kubeconfig, cluster.namespace))
    cluster.until(lambda: running.is_ready)
    yield running
    running.stop()
