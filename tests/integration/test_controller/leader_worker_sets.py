"""The kind LeaderWorkerSet, without its controller: its own CRD has 1.2 MB, of which these are the fields that Kefu sets or reads.

Source: kubernetes-sigs/lws, config/crd/bases/leaderworkerset.x-k8s.io_leaderworkersets.yaml, from where types, defaults, enumerations
and the keys of lists are. Where a pod's own schema is deeper than Kefu needs, unknown fields are kept.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.integration.test_controller.cluster import Cluster

Object = dict[str, Any]

CRD = "leaderworkersets.leaderworkerset.x-k8s.io"
TEXT: Object = {"type": "string"}
WHOLE: Object = {"type": "integer", "format": "int32"}
TEXTS: Object = {"type": "object", "additionalProperties": TEXT}
OPEN: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def _keyed(*keys: str, **fields: Object) -> Object:
    """A list that server-side apply merges by these keys."""
    return {
        "type": "array",
        "items": {**OPEN, "required": list(keys), "properties": {**dict.fromkeys(keys, TEXT), **fields}},
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": list(keys),
    }


def _containers() -> Object:
    protocol = {**TEXT, "default": "TCP"}
    return _keyed(
        "name",
        env=_keyed("name"),
        ports=_keyed("containerPort", "protocol", containerPort=WHOLE, protocol=protocol),
        volumeMounts=_keyed("mountPath"),
        command={"type": "array", "items": TEXT, "x-kubernetes-list-type": "atomic"},
    )


def _template() -> Object:
    spec = {
        "containers": _containers(),
        "initContainers": _containers(),
        "volumes": _keyed("name"),
        "topologySpreadConstraints": _keyed("topologyKey", "whenUnsatisfiable"),
        "imagePullSecrets": _keyed("name"),
    }
    meta = {"type": "object", "properties": {"labels": TEXTS, "annotations": TEXTS}}
    return {
        "type": "object",
        "properties": {"metadata": meta, "spec": {**OPEN, "required": ["containers"], "properties": spec}},
    }


def definition() -> Object:
    """The CustomResourceDefinition."""
    policies = ["Default", "RecreateGroupOnPodRestart", "RecreateGroupAfterStart", "None"]
    template = {
        "type": "object",
        "required": ["workerTemplate"],
        "properties": {
            "leaderTemplate": _template(),
            "workerTemplate": _template(),
            "size": {**WHOLE, "default": 1},
            "restartPolicy": {**TEXT, "enum": policies, "default": "RecreateGroupOnPodRestart"},
        },
    }
    spec = {
        "type": "object",
        "required": ["leaderWorkerTemplate"],
        "properties": {
            "replicas": {**WHOLE, "default": 1},
            "leaderWorkerTemplate": template,
            "startupPolicy": {**TEXT, "enum": ["LeaderCreated", "LeaderReady"], "default": "LeaderCreated"},
        },
    }
    counts: Object = dict.fromkeys(("readyReplicas", "updatedReplicas", "replicas"), WHOLE)
    status = {
        "type": "object",
        "properties": {**counts, "hpaPodSelector": TEXT, "observedGeneration": {"type": "integer"}},
    }
    scale = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.hpaPodSelector",
    }
    version = {
        "name": "v1", "served": True, "storage": True, "subresources": {"status": {}, "scale": scale},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": status}}},
    }  # fmt: skip
    names = {
        "kind": "LeaderWorkerSet",
        "plural": "leaderworkersets",
        "singular": "leaderworkerset",
        "shortNames": ["lws"],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": CRD},
        "spec": {"group": "leaderworkerset.x-k8s.io", "scope": "Namespaced", "names": names, "versions": [version]},
    }  # fmt: skip


@contextmanager
def leader_worker_sets(cluster: Cluster) -> Iterator[None]:
    """While the cluster knows the kind."""
    cluster.until(lambda: not cluster.run("get", "crd", CRD, "--ignore-not-found").strip())
    cluster.run("apply", "--server-side", "-f", "-", stdin=json.dumps(definition()))
    cluster.until(lambda: cluster.run("get", CRD, "-o", "json", check=False))
    try:
        yield
    finally:
        cluster.run("delete", "crd", CRD, "--wait=false")
