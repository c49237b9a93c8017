"""`kefu status` against a real API server with Kefu's CRDs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hack.cluster.apiserver import ControlPlane

from tests.unit.test_local.objects import chatbot, index

CRDS = Path(__file__).parents[3] / "crds"
NOW = "2026-11-20T00:00:00Z"


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with ControlPlane() as started:
        for crd in sorted(CRDS.glob("kefu.dev_*.yaml")):
            kubectl(started, "apply", "--server-side", "-f", str(crd))
        kubectl(started, "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        yield started


def kubectl(plane: ControlPlane, *words: str, stdin: str = "") -> None:
    command = [str(plane.kubectl), "--kubeconfig", str(plane.kubeconfig), *words]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def status(plane: ControlPlane, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "kefu_operator.cli", "status", "--cluster", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"KUBECONFIG": str(plane.kubeconfig)},
    )


def apply(plane: ControlPlane, namespace: str, *objects: dict[str, Any]) -> None:
    kubectl(plane, "create", "namespace", namespace)
    listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
    kubectl(plane, "apply", "-n", namespace, "-f", "-", stdin=json.dumps(listed))


def patch(plane: ControlPlane, namespace: str, thing: str, *conditions: tuple[str, str, str, str]) -> None:
    told = [
        {"type": kind, "status": state, "reason": reason, "message": message, "lastTransitionTime": NOW}
        for kind, state, reason, message in conditions
    ]
    words = ("patch", thing, "-n", namespace, "--subresource=status", "--type=merge")
    kubectl(plane, *words, "-p", json.dumps({"status": {"conditions": told}}))


def test_the_failing_leaf_is_named(plane: ControlPlane) -> None:
    apply(plane, "failing", index(), chatbot())
    leaf = "pod engine-1: image x cannot be pulled"
    conditions = [(kind, "False", "ImagePullBackOff", leaf) for kind in ("Ready", "EngineReady")]
    patch(plane, "failing", "chatbot/shop", *conditions)
    done = status(plane, "-n", "failing")
    assert done.returncode == 1, done.stderr
    assert f"✘ EngineReady  ImagePullBackOff: {leaf}" in done.stdout


def test_a_ready_chatbot_is_0_and_its_index_stands_below_it(plane: ControlPlane) -> None:
    apply(plane, "ready", index(), chatbot())
    patch(plane, "ready", "ki/shop", ("Ready", "True", "Published", ""))
    patch(plane, "ready", "chatbot/shop", ("Ready", "True", "Serving", ""), ("KnowledgeReady", "True", "Published", ""))
    done = status(plane, "shop", "-n", "ready")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "└── ✔ KnowledgeReady\n    └── ✔ KnowledgeIndex/shop" in done.stdout


def test_what_does_not_exist_is_a_sentence(plane: ControlPlane) -> None:
    kubectl(plane, "create", "namespace", "empty")
    assert "there is no chatbot in namespace empty" in status(plane, "-n", "empty").stderr
    missing = status(plane, "absent", "-n", "empty")
    assert missing.returncode == 1
    assert "there is no chatbot absent in namespace empty (it has: none)" in missing.stderr


def test_an_api_server_that_does_not_answer_is_69(plane: ControlPlane, tmp_path: Path) -> None:
    gone = tmp_path / "kubeconfig"
    gone.write_text(plane.kubeconfig.read_text().replace(plane.url, "https://127.0.0.1:9"))
    done = subprocess.run(
        [sys.executable, "-m", "kefu_operator.cli", "status", "--cluster", "-n", "default"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"KUBECONFIG": str(gone)},
    )
    assert done.returncode == 69, done.stderr
    assert "does not answer" in done.stderr
    assert "Traceback" not in done.stderr
