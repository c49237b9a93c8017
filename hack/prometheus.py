"""A real Prometheus on this machine: Debian's program, a folder of its own, and an end that is sure."""

import json
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from hack.cluster.errors import ClusterError
from hack.cluster.kubectl import kubectl
from hack.ports import free_port

START_SECONDS = 60
FOLLOW_SECONDS = 1
"""Between two looks at the pods."""


@contextmanager
def prometheus(
    folder: Path, scrapes: Sequence[dict[str, Any]], interval: str = "1s", host: str = "127.0.0.1"
) -> Iterator[str]:
    """Its base URL, while it scrapes what `scrape_configs` say.

    Raises:
        FileNotFoundError: Debian's package prometheus is not installed (`make tools` does it).
        RuntimeError: it does not become ready; the text ends with its last words.
    """
    program = shutil.which("prometheus")
    if program is None:
        raise FileNotFoundError("prometheus: install Debian's package of that name, or run `make tools`")
    port = free_port()
    config = folder / "prometheus.yaml"
    config.write_text(yaml.safe_dump({"global": {"scrape_interval": interval}, "scrape_configs": list(scrapes)}))
    url = f"http://{host}:{port}"
    command = [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={host}:{port}",
        "--storage.tsdb.retention.time=2h",
    ]
    log = folder / "prometheus.log"
    with log.open("w") as words:
        child = subprocess.Popen(command, stdout=words, stderr=subprocess.STDOUT)
        try:
            _wait(child, f"{url}/-/ready", log)
            yield url
        finally:
            child.terminate()
            child.wait(30)


def _wait(child: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"Prometheus does not become ready: {log.read_text()[-500:]}")


@contextmanager
def annotated_pods(folder: Path, kubeconfig: Path, namespaces: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What scrapes the pods that ask for it by annotations, with the labels that Prometheus's Helm chart gives them.

    Debian builds Prometheus without the discovery of Kubernetes: meanwhile a thread follows the pods into a file of targets.
    """
    targets, ended = folder / "pods.json", threading.Event()

    def follow() -> None:
        while not ended.is_set():
            try:
                found = [pod for namespace in namespaces for pod in _pods(kubeconfig, namespace)]
            except ClusterError:
                # The namespace, or the API server, is not there yet; what was known goes on.
                found = None
            if found is not None:
                written = targets.with_suffix(".new")
                written.write_text(json.dumps([_target(pod) for pod in found if _asks(pod)]))
                written.rename(targets)
            ended.wait(FOLLOW_SECONDS)

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    try:
        yield {"job_name": "pods", "file_sd_configs": [{"files": [str(targets)], "refresh_interval": "5s"}]}
    finally:
        ended.set()
        follower.join()


def _pods(kubeconfig: Path, namespace: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(kubectl(kubeconfig, "get", "pods", "-n", namespace, "-o", "json"))["items"]
    return found


def _asks(pod: dict[str, Any]) -> bool:
    notes = pod["metadata"].get("annotations", {})
    return notes.get("prometheus.io/scrape") == "true" and bool(pod.get("status", {}).get("podIP"))


def _target(pod: dict[str, Any]) -> dict[str, Any]:
    meta, notes = pod["metadata"], pod["metadata"]["annotations"]
    labels = {
        "__metrics_path__": notes.get("prometheus.io/path", "/metrics"),
        "namespace": meta["namespace"],
        "pod": meta["name"],
    }
    return {"targets": [f"{pod['status']['podIP']}:{notes['prometheus.io/port']}"], "labels": labels}
