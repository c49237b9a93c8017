"""Persistent volumes for the node: a directory for each claim of the class `kefu-local`, as a provisioner gives disks.

It follows the protocol of external provisioners: the scheduler writes the chosen node on the claim, we answer with a
volume bound to that claim, and remove directory and volume once the claim is gone. The kind of volume is `local`,
because the kubelet applies fsGroup to it; the directory belongs to root as a new disk does, so a pod that forgets
fsGroup fails here as it would elsewhere.
"""

import json
import shutil
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hack.cluster.node.layout import API_URL, NODE_NAME, STORAGE_CLASS, Layout, layout
from hack.cluster.progress import say

PROVISIONER = "kefu.dev/local-volumes"
_SELECTED_NODE = "volume.kubernetes.io/selected-node"
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_POLL_SECONDS = 0.5
_VOLUMES = "/api/v1/persistentvolumes"
_CLAIMS = "/api/v1/persistentvolumeclaims"


@dataclass(frozen=True)
class Plan:
    """What one look at the cluster asks for: volumes to create, volumes to remove."""

    create: list[dict[str, Any]]
    remove: list[dict[str, Any]]


def storage_class() -> dict[str, Any]:
    """Return the default StorageClass that this provisioner serves."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": STORAGE_CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def plan(claims: list[dict[str, Any]], volumes: list[dict[str, Any]], root: Path) -> Plan:
    """Decide what to create and to remove; `root` holds one directory a volume."""
    existing = {volume["metadata"]["name"] for volume in volumes}
    create = [_volume(claim, root) for claim in claims if _wants_volume(claim) and _name(claim) not in existing]
    ours = [
        volume for volume in volumes if volume["metadata"].get("annotations", {}).get(_PROVISIONED_BY) == PROVISIONER
    ]
    return Plan(create, [volume for volume in ours if volume.get("status", {}).get("phase") == "Released"])


def _wants_volume(claim: dict[str, Any]) -> bool:
    annotations = claim["metadata"].get("annotations", {})
    spec = claim["spec"]
    return (
        spec.get("storageClassName") == STORAGE_CLASS
        and not spec.get("volumeName")
        and annotations.get(_SELECTED_NODE) == NODE_NAME
    )


def _name(claim: dict[str, Any]) -> str:
    return f"pvc-{claim['metadata']['uid']}"


def _volume(claim: dict[str, Any], root: Path) -> dict[str, Any]:
    metadata, name = claim["metadata"], _name(claim)
    on_node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE_NAME]}
    reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "uid": metadata["uid"],
                 "name": metadata["name"], "namespace": metadata["namespace"]}  # fmt: skip
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {_PROVISIONED_BY: PROVISIONER}},
        "spec": {
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "accessModes": claim["spec"]["accessModes"],
            "volumeMode": "Filesystem",
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": STORAGE_CLASS,
            "claimRef": reference,
            "local": {"path": str(root / name)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [on_node]}]}},
        },
    }


class Api:
    """The few requests that this loop makes, with the certificate of its own user."""

    def __init__(self, node: Layout) -> None:
        """Read the credentials from the layout."""
        self._context = ssl.create_default_context(cafile=str(node.pki / "ca.crt"))
        self._context.load_cert_chain(node.pki / "volumes.crt", node.pki / "volumes.key")

    def request(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer's JSON; raises urllib's errors."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(API_URL + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=10, context=self._context) as answer:
            result: dict[str, Any] = json.load(answer)
            return result


def carry_out(wanted: Plan, api: Api) -> None:
    """Make the directories and volumes, and remove those whose claim is gone."""
    for volume in wanted.create:
        folder = Path(volume["spec"]["local"]["path"])
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        api.request("POST", _VOLUMES, volume)
        say(f"created {volume['metadata']['name']} for {volume['spec']['claimRef']['name']}")
    for volume in wanted.remove:
        shutil.rmtree(volume["spec"]["local"]["path"], ignore_errors=True)
        api.request("DELETE", f"{_VOLUMES}/{volume['metadata']['name']}")
        say(f"removed {volume['metadata']['name']}")


def main() -> None:
    """Look, decide and act until killed; a request that fails is tried again at the next look."""
    node = layout()
    api = Api(node)
    while True:
        try:
            claims, volumes = (api.request("GET", path)["items"] for path in (_CLAIMS, _VOLUMES))
            carry_out(plan(claims, volumes, node.volumes), api)
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            say(f"the API server did not take a request: {error}")
        time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    main()
