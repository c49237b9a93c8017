"""The native node is a cluster to rely on: pods, probes, names, volumes, and the way to and from this machine."""

import http.server
import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hack.cluster.cache import binaries
from hack.cluster.node.native import Native

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).resolve().parents[2]
SERVER = ["/usr/local/bin/python", "-m", "http.server", "8080", "--directory", "/data"]
FETCH = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())"
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


class Cluster:
    """kubectl against the node, in a namespace of the tests' own."""

    def __init__(self, kubeconfig: Path, namespace: str, image: str) -> None:
        self.environment = os.environ | {"KUBECONFIG": str(kubeconfig)}
        self.namespace = namespace
        self.image = image

    def kubectl(self, *words: str, stdin: str = "") -> str:
        command = ["kubectl", "-n", self.namespace, *words]
        done = subprocess.run(
            command, input=stdin, env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        self.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def python(self, *words: str) -> str:
        return self.kubectl("exec", "deploy/files", "--", "/usr/local/bin/python", "-c", *words)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    subprocess.run([sys.executable, "-m", "hack.cluster", "up"], cwd=ROOT, check=True, timeout=1500)
    command = [sys.executable, "-m", "hack.images", "load", "operator", "--json"]
    loaded = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=1500).stdout
    native = Native()
    os.environ["PATH"] = f"{binaries()}:{os.environ['PATH']}"
    cluster = Cluster(native.kubeconfig, f"node-{uuid4().hex[:8]}", json.loads(loaded)["operator"]["ref"])
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cluster.namespace, "labels": labels}})
    cluster.apply(claim(), files_server(cluster.image), service())
    cluster.kubectl("rollout", "status", "deploy/files", "--timeout=180s")
    yield cluster
    cluster.kubectl("delete", "namespace", cluster.namespace, "--timeout=180s")


def claim() -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "files"}, "spec": spec}


def files_server(image: str) -> dict[str, Any]:
    container = {
        "name": "files",
        "image": image,
        "command": SERVER,
        "securityContext": RESTRICTED,
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    pod = {
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "files"}}],
    }
    labels = {"app": "files"}
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "files"}, "spec": spec}


def service() -> dict[str, Any]:
    spec = {"selector": {"app": "files"}, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "files"}, "spec": spec}


def test_up_a_second_time_changes_nothing(cluster: Cluster) -> None:
    before = Native().status()[0].detail
    subprocess.run([sys.executable, "-m", "hack.cluster", "up"], cwd=ROOT, check=True, timeout=300)
    assert Native().status()[0].detail == before


def test_every_component_runs_and_none_was_restarted(cluster: Cluster) -> None:
    parts = Native().status()
    assert {"etcd", "kube-apiserver", "kubelet", "coredns", "volumes"} <= {part.name for part in parts}
    assert [part for part in parts if not part.running or "restarted" in part.detail] == []


def test_a_volume_can_be_written_by_the_pods_group_and_read_through_the_service_by_name(cluster: Cluster) -> None:
    cluster.python("open('/data/hello.txt', 'w').write('你好')")
    url = f"http://files.{cluster.namespace}.svc.cluster.local/hello.txt"
    assert cluster.python(FETCH, url).strip() == "你好"


def test_this_machine_reaches_a_service_by_its_address(cluster: Cluster) -> None:
    address = cluster.kubectl("get", "service", "files", "-o", "jsonpath={.spec.clusterIP}")
    with urllib.request.urlopen(f"http://{address}/", timeout=30) as answer:
        assert answer.status == 200


def test_a_pod_reaches_this_machine_at_the_address_that_env_prints(cluster: Cluster) -> None:
    host = Native().environment()["KEFU_HOST_IP"]

    class Hello(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"from the host")

    with http.server.ThreadingHTTPServer((host, 0), Hello) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        answer = cluster.python(FETCH, f"http://{host}:{server.server_port}/")
        server.shutdown()
    assert answer.strip() == "from the host"


def test_a_pod_asks_the_api_server_with_its_own_token(cluster: Cluster) -> None:
    script = (
        "import ssl, urllib.request as u; d='/var/run/secrets/kubernetes.io/serviceaccount/'; "
        "r=u.Request('https://kubernetes.default.svc/version', "
        "headers={'Authorization': 'Bearer '+open(d+'token').read()}); "
        "print(u.urlopen(r, timeout=20, context=ssl.create_default_context(cafile=d+'ca.crt')).read().decode())"
    )
    assert json.loads(cluster.python(script))["gitVersion"].startswith("v1.36.")


def test_pods_run_without_root_on_a_root_that_cannot_be_written(cluster: Cluster) -> None:
    script = "import os\ntry: open('/x', 'w')\nexcept OSError as e: print(os.getuid(), e.strerror)"
    assert cluster.python(script).strip() == "10001 Read-only file system"


def test_disruption_budgets_and_autoscalers_are_accepted(cluster: Cluster) -> None:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "files"}
    resource = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    scaler = {"scaleTargetRef": reference, "maxReplicas": 2, "metrics": [{"type": "Resource", "resource": resource}]}
    budget = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "files"}}}
    meta = {"name": "files"}
    cluster.apply(
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": scaler},
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": budget},
    )
    cluster.kubectl("wait", "--for=jsonpath={.status.expectedPods}=1", "pdb/files", "--timeout=60s")


def test_a_volumes_directory_goes_with_its_claim(cluster: Cluster) -> None:
    pod = files_server(cluster.image)["spec"]["template"]["spec"]
    pod["volumes"][0]["persistentVolumeClaim"]["claimName"] = "brief"
    brief = claim() | {"metadata": {"name": "brief"}}
    cluster.apply(brief, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "brief"}, "spec": pod})
    cluster.kubectl("wait", "--for=condition=Ready", "pod/brief", "--timeout=120s")
    volume = cluster.kubectl("get", "pvc", "brief", "-o", "jsonpath={.spec.volumeName}")
    folder = Path(cluster.kubectl("get", "pv", volume, "-o", "jsonpath={.spec.local.path}"))
    assert folder.is_dir()
    cluster.kubectl("delete", "pod/brief", "pvc/brief", "--timeout=120s")
    cluster.kubectl("wait", "--for=delete", f"pv/{volume}", "--timeout=60s")
    assert not folder.exists()


def test_the_audit_log_names_who_wrote(cluster: Cluster) -> None:
    log = Path(Native().environment()["KEFU_AUDIT_LOG"])
    events = [json.loads(line) for line in log.read_text().splitlines()]
    writes = [
        e for e in events if e["verb"] == "create" and e.get("objectRef", {}).get("namespace") == cluster.namespace
    ]
    assert "admin" in {event["user"]["username"] for event in writes}
