"""Of several operators one writes, whatever happens to it; another follows soon."""

import json
import signal
import time
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from kefu_operator.leadership.releases import LABELS
from kefu_operator.naming import WATCHED
from kefu_operator.settings import LeasePlace
from tests.integration.test_controller.chart import LEASE
from tests.integration.test_controller.cluster import Cluster, Object
from tests.integration.test_controller.conftest import RunningOperator, settings
from tests.integration.test_controller.objects import endpoint_chatbot
from tests.integration.test_controller.process import OperatorProcess, killed_at_the_end, writes_by_version


class Pair:
    """Operators of one lease over the test's namespace."""

    def __init__(self, cluster: Cluster, kubeconfig: Path, folder: Path, started: list[OperatorProcess]) -> None:
        self._cluster, self._kubeconfig, self._folder = cluster, kubeconfig, folder
        self._started = started
        namespace, name = LEASE.split("/")
        # Operators of a test before this were killed: their lease would have to run out first.
        free = json.dumps({"spec": {"holderIdentity": ""}})
        cluster.run("patch", "lease", name, "-n", namespace, "--type=merge", "-p", free)

    def start(self, version: str, **settings: str) -> OperatorProcess:
        made = OperatorProcess(
            version, self._kubeconfig, self._cluster.namespace, self._folder, KEFU_LEASE=LEASE, **settings
        )
        self._started.append(made)
        self._cluster.until(lambda: made.ready)
        return made

    def start_leader(self, version: str, **settings: str) -> OperatorProcess:
        made = self.start(version, **settings)
        self._cluster.until(lambda: made.leading)
        return made

    def eras(self, since: int) -> list[str]:
        """The versions that wrote, in order, each once a spell."""
        return [version for version, _ in groupby(writes_by_version(self._cluster, since), key=lambda each: each[0])]


def until_made(cluster: Cluster, name: str) -> float:
    """Seconds until the gateway of a chatbot is there."""
    started = time.monotonic()
    cluster.until(lambda: cluster.get("deployment", f"{name}-gateway"), 120)
    return time.monotonic() - started


def test_a_killed_leader_is_followed_and_a_stopped_one_at_once(
    cluster: Cluster, kubeconfig: Path, tmp_path: Path
) -> None:
    with killed_at_the_end() as started:
        pair = Pair(cluster, kubeconfig, tmp_path, started)
        first = pair.start_leader("v1")
        second = pair.start("v2")
        since = cluster.audit_end
        cluster.apply(endpoint_chatbot())
        until_made(cluster, "shop")
        first.kill()
        cluster.apply(endpoint_chatbot("outlet"))
        print(f"after kill -9: {until_made(cluster, 'outlet'):.1f} s")
        assert second.leading
        third = pair.start("v3")
        assert not third.leading
        second.send(signal.SIGTERM)
        assert second.wait() == 0
        cluster.apply(endpoint_chatbot("third"))
        print(f"after SIGTERM: {until_made(cluster, 'third'):.1f} s")
        assert third.leading
        assert pair.eras(since) == ["v1", "v2", "v3"]


def test_a_leader_that_slept_writes_nothing_when_it_wakes(cluster: Cluster, kubeconfig: Path, tmp_path: Path) -> None:
    with killed_at_the_end() as started:
        pair = Pair(cluster, kubeconfig, tmp_path, started)
        first = pair.start_leader("v1", KEFU_WORKERS="2")
        second = pair.start("v2")
        since = cluster.audit_end
        many = [f"shop-{number}" for number in range(8)]
        cluster.apply(*(endpoint_chatbot(name) for name in many))
        cluster.until(lambda: cluster.get("statefulset", f"{many[0]}-redis"))
        # It sleeps in the middle of its work, and another does the rest.
        first.send(signal.SIGSTOP)
        for name in many:
            until_made(cluster, name)
        assert second.leading
        first.send(signal.SIGCONT)
        cluster.run("delete", *(f"service/{name}-gateway" for name in many))
        for name in many:
            cluster.until(lambda name=name: cluster.get("service", f"{name}-gateway"))  # type: ignore[misc]
        cluster.until(lambda: first.ready and not first.leading)
        cluster.apply(*(endpoint_chatbot(name, persona={"name": "小库"}) for name in many))
        for name in many:
            cluster.until(lambda name=name: "小库" in release(cluster, name))  # type: ignore[misc]
        assert pair.eras(since) == ["v1", "v2"]


def test_a_deleted_lease_makes_no_second_leader(cluster: Cluster, kubeconfig: Path, tmp_path: Path) -> None:
    namespace, name = LEASE.split("/")
    with killed_at_the_end() as started:
        pair = Pair(cluster, kubeconfig, tmp_path, started)
        first = pair.start_leader("v1")
        second = pair.start("v2")
        cluster.run("delete", "lease", name, "-n", namespace)
        cluster.until(lambda: cluster.run("get", "lease", name, "-n", namespace, "--ignore-not-found"))
        time.sleep(5)
        assert first.leading
        assert not second.leading


def test_an_older_and_a_newer_operator_never_undo_one_anothers_work(
    cluster: Cluster, kubeconfig: Path, tmp_path: Path
) -> None:
    tables = tmp_path / "newer.yaml"
    tables.write_text(json.dumps({"images": {"table": {"gateway": "kefu.local/gateway:newer"}}}))
    with killed_at_the_end() as started:
        pair = Pair(cluster, kubeconfig, tmp_path, started)
        older = pair.start_leader("older")
        since = cluster.audit_end
        cluster.apply(endpoint_chatbot())
        until_made(cluster, "shop")
        pair.start("newer", KEFU_CONFIG=str(tables))
        time.sleep(5)
        assert image(cluster) == "kefu.local/gateway:dev"
        older.send(signal.SIGTERM)
        cluster.until(lambda: image(cluster) == "kefu.local/gateway:newer")
        time.sleep(3)
        assert pair.eras(since) == ["older", "newer"]


def test_a_second_release_waits_until_the_first_is_gone(cluster: Cluster, kubeconfig: Path) -> None:
    namespace, name = LEASE.split("/")
    free = json.dumps({"spec": {"holderIdentity": ""}})
    cluster.run("patch", "lease", name, "-n", namespace, "--type=merge", "-p", free)
    meta: Object = {"name": "other-operator", "annotations": {WATCHED: ""}}
    meta["labels"] = dict(label.split("=") for label in LABELS.split(","))
    spec = {"holderIdentity": "pod-of-the-other"}
    cluster.apply({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec})
    since = cluster.audit_end
    second = RunningOperator(replace(settings(kubeconfig, cluster.namespace), lease=LeasePlace(namespace, name)))
    try:
        told = f"by Lease {cluster.namespace}/other-operator (held by pod-of-the-other): uninstall one of them"
        cluster.until(lambda: told in second.operator.not_ready())
        cluster.apply(endpoint_chatbot())
        time.sleep(3)
        assert cluster.writes(since) == []
        cluster.run("delete", "lease", "other-operator")
        until_made(cluster, "shop")
        assert second.is_ready
    finally:
        second.stop()


def release(cluster: Cluster, name: str) -> str:
    return str((cluster.get("configmap", f"{name}-release") or {})["data"]["release.json"])


def image(cluster: Cluster) -> str:
    found = cluster.get("deployment", "shop-gateway") or {}
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])
