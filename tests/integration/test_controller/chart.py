"""The chart, rendered by the real Helm; the tests' operator has exactly the rights that it gives."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hack.cluster.cache import binaries

from kefu_operator.desired.images import Images
from kefu_operator.settings import load
from tests.integration.test_controller.cluster import OPERATOR_USER, Cluster

SPACE = "kefu-system"
LEASE = f"{SPACE}/kefu-operator"
"""The one that the chart gives the right to hold."""
WEBHOOK_USER = "kefu-webhook-under-test"
CHART = Path(__file__).parents[3] / "charts" / "kefu"


def helm(*words: str) -> subprocess.CompletedProcess[str]:
    program = binaries() / "helm"
    if not program.exists():
        pytest.skip("Helm is not built: python3 -m hack.cluster build --only helm")
    return subprocess.run([str(program), *words], capture_output=True, text=True, timeout=60, check=False)


def rendered(*settings: str, chart: Path = CHART) -> list[dict[str, Any]]:
    words = [word for setting in settings for word in ("--set-json", setting)]
    done = helm("template", "kefu", str(chart), "--namespace", SPACE, *words)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def released(version: str, folder: Path) -> Path:
    """A copy of the chart in the folder as it would be released at another version of Kefu."""
    copy = folder / version
    shutil.copytree(CHART, copy)
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    (copy / "Chart.yaml").write_text(yaml.safe_dump(about | {"version": version, "appVersion": version}))
    return copy


def images(chart: Path, *settings: str) -> Images:
    """What the operator of that chart runs its pods of."""
    (found,) = [each for each in rendered(*settings, chart=chart) if each["kind"] == "ConfigMap"]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(found["data"]["config.yaml"])
        file.flush()
        return load({"KEFU_CONFIG": file.name}).images


def is_webhooks(found: dict[str, Any]) -> bool:
    return bool(found["metadata"].get("labels", {}).get("app.kubernetes.io/name") == "kefu-webhook")


def install_chart(cluster: Cluster) -> None:
    """Install CRDs and rights, the latter for a user of ours in place of the service account."""
    wanted = ("CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Lease")
    objects = [found for found in rendered() if found["kind"] in wanted]
    objects.insert(0, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    for found in objects:
        if found["kind"].endswith("RoleBinding"):
            user = WEBHOOK_USER if is_webhooks(found) else OPERATOR_USER
            found["subjects"] = [{"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}]
    listed = {"apiVersion": "v1", "kind": "List", "items": objects}
    Cluster(cluster.plane, SPACE).run("apply", "--server-side", "-f", "-", stdin=json.dumps(listed))
    cluster.run("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
