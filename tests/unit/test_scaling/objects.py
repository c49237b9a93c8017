"""Scalers as the API server gives them."""

from typing import Any

Object = dict[str, Any]

NAME = "engine-3f9c"


def scaled_object(conditions: dict[str, str] | None = None, meta: Object | None = None) -> Object:
    told = [
        {"type": type_, "status": status, "reason": "R", "message": "m"} for type_, status in (conditions or {}).items()
    ]
    return {
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": {"name": NAME, "namespace": "acme", "uid": "uid-so", "labels": {"kefu.dev/engine": NAME}, **(meta or {})},
        "spec": {"minReplicaCount": 1, "maxReplicaCount": 8, "idleReplicaCount": 0}, "status": {"conditions": told},
    }  # fmt: skip


def autoscaler(called: str = NAME, owner: str = "", labels: Object | None = None, **target: str) -> Object:
    """Of KEDA's making where it has an owner."""
    owners = [{"kind": "ScaledObject", "uid": owner, "controller": True}] if owner else []
    return {
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": called, "namespace": "acme", "uid": f"uid-{called}", "ownerReferences": owners,
                     "labels": {"kefu.dev/engine": NAME} if labels is None else labels},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": NAME, **target}, "minReplicas": 1, "maxReplicas": 8},
    }  # fmt: skip


def deployment(replicas: int, *, ours: bool = True) -> Object:
    fields: Object = {"f:spec": {"f:replicas": {}} if ours else {"f:template": {}}}
    entry = {"manager": "kefu-operator", "operation": "Apply", "fieldsV1": fields}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": replicas},
        "metadata": {"name": NAME, "namespace": "acme", "uid": "uid-d", "managedFields": [entry]},
    }  # fmt: skip
