"""Asking a cluster through kubectl, for providers and their checks."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from hack.cluster.cache import binaries
from hack.cluster.errors import ClusterError

_APPLY = ("apply", "--server-side", "--force-conflicts", "--field-manager=kefu-node")


def kubectl(kubeconfig: Path | None, *words: str, stdin: str = "") -> str:
    """Run kubectl and return what it printed; without a kubeconfig, with the environment's own.

    Raises:
        ClusterError: it failed; the text is what kubectl said.
    """
    program = str(binaries() / "kubectl") if (binaries() / "kubectl").exists() else "kubectl"
    environment = os.environ | ({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {})
    try:
        done = subprocess.run([program, "--request-timeout=20s", *words], input=stdin, env=environment,
                              capture_output=True, text=True, check=False)  # fmt: skip
    except FileNotFoundError as missing:
        raise ClusterError("kubectl is missing; run: python3 -m hack.cluster build --only kubectl") from missing
    if done.returncode != 0:
        raise ClusterError(f"kubectl {' '.join(words[:3])} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def apply(kubeconfig: Path, objects: list[dict[str, Any]]) -> None:
    """Apply the objects on the server's side under a field manager of the cluster's own."""
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    kubectl(kubeconfig, *_APPLY, "-f", "-", stdin=document)


def apply_files(kubeconfig: Path, files: list[Path]) -> None:
    """The same for files of manifests."""
    kubectl(kubeconfig, *_APPLY, *(word for file in files for word in ("-f", str(file))))
