"""A real Prometheus on this machine: Debian's program, a folder of its own, and an end that is sure."""

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

START_SECONDS = 60


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
    port = _free_port()
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def annotated_pods(kubeconfig: Path, namespaces: Sequence[str]) -> dict[str, Any]:
    """How to scrape the pods that ask for it by annotations, with the labels that Prometheus's Helm chart gives them."""
    note = "__meta_kubernetes_pod_annotation_prometheus_io"
    return {
        "job_name": "kubernetes-pods",
        "kubernetes_sd_configs": [
            {"role": "pod", "kubeconfig_file": str(kubeconfig), "namespaces": {"names": list(namespaces)}}
        ],
        "relabel_configs": [
            {"action": "keep", "source_labels": [f"{note}_scrape"], "regex": "true"},
            # Every container port is a target of its own: the one that is named by the annotation.
            {
                "action": "keepequal",
                "source_labels": [f"{note}_port"],
                "target_label": "__meta_kubernetes_pod_container_port_number",
            },
            {"action": "replace", "source_labels": [f"{note}_path"], "target_label": "__metrics_path__"},
            {"action": "replace", "source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
            {"action": "replace", "source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
        ],
    }
