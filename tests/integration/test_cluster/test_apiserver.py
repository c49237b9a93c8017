"""The light control plane: it starts, serves, tells its users apart, and leaves nothing behind."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hack.cluster.apiserver import ControlPlane

NAMESPACE = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with ControlPlane() as started:
        yield started


def kubectl(plane: ControlPlane, kubeconfig: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [str(plane.kubectl), "--kubeconfig", str(kubeconfig), *words]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120, check=False)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_server_tells_its_version_as_kubernetes_does(plane: ControlPlane) -> None:
    done = kubectl(plane, plane.kubeconfig, "version", "-o", "json")
    assert json.loads(done.stdout)["serverVersion"]["gitVersion"].startswith("v1.36.")


def test_an_applied_object_is_kept_and_its_write_is_in_the_audit_log(plane: ControlPlane) -> None:
    done = kubectl(plane, plane.kubeconfig, "apply", "--server-side", "-f", "-", stdin=NAMESPACE)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in plane.audit_log.read_text().splitlines()]
    writes = [event for event in events if event["verb"] == "patch" and event["objectRef"]["name"] == "shop"]
    assert [event["user"]["username"] for event in writes] == ["admin"]
    assert all("requestObject" not in event for event in events)


def test_a_user_without_rights_is_refused_by_name(plane: ControlPlane) -> None:
    done = kubectl(plane, plane.user("mallory"), "get", "secrets", "-A")
    assert done.returncode != 0
    assert 'User "mallory" cannot list resource "secrets"' in done.stderr


def test_pod_security_admission_refuses_a_privileged_pod_in_a_restricted_namespace(plane: ControlPlane) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tight", "labels": labels}}
    assert kubectl(plane, plane.kubeconfig, "apply", "-f", "-", stdin=json.dumps(space)).returncode == 0
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "loose", "namespace": "tight"},
           "spec": {"containers": [{"name": "c", "image": "x", "securityContext": {"privileged": True}}]}}  # fmt: skip
    done = kubectl(plane, plane.kubeconfig, "apply", "-f", "-", stdin=json.dumps(pod))
    assert "violates PodSecurity" in done.stderr


def test_stopping_ends_every_process_and_removes_the_folder() -> None:
    plane = ControlPlane()
    pids, folder = plane.pids, plane.folder
    assert len(pids) == 2
    assert all(alive(pid) for pid in pids)
    plane.stop()
    assert not any(alive(pid) for pid in pids)
    assert not folder.exists()
    plane.stop()


def test_with_controllers_an_owned_object_goes_with_its_owner() -> None:
    with ControlPlane(controllers=True) as plane:
        owner = kubectl(plane, plane.kubeconfig, "create", "configmap", "owner", "-o", "json")
        uid = json.loads(owner.stdout)["metadata"]["uid"]
        reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
        child = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "child", "ownerReferences": [reference]}}
        assert kubectl(plane, plane.kubeconfig, "apply", "-f", "-", stdin=json.dumps(child)).returncode == 0
        assert kubectl(plane, plane.kubeconfig, "delete", "configmap", "owner").returncode == 0
        waited = kubectl(plane, plane.kubeconfig, "wait", "--for=delete", "configmap/child", "--timeout=100s")
        assert waited.returncode == 0, waited.stderr
