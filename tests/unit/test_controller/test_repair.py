"""What is sent where an apply cannot mend an object."""

from typing import Any

import pytest

from kefu_operator.repair import disowning, handed_over, is_mendable, replacement
from kefu_operator.resources import CLAIMS, DEPLOYMENTS, SERVICES
from kefu_operator.settled import leftover

Object = dict[str, Any]


def deployment(**spec: Any) -> Object:
    meta = {"name": "a", "namespace": "acme", "resourceVersion": "7"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


def test_a_replacement_holds_only_of_the_version_that_it_was_made_from() -> None:
    patch = replacement(deployment(template={}), deployment(template={"a": 1}))
    assert patch[0] == {"op": "test", "path": "/metadata/resourceVersion", "value": "7"}


@pytest.mark.parametrize(
    ("ours", "kept"),
    [
        ({"template": {}}, {"template": {}, "replicas": 4}),
        ({"template": {}, "replicas": 2}, {"template": {}, "replicas": 2}),
    ],
)
def test_replicas_are_kept_where_we_leave_them_out(ours: Object, kept: Object) -> None:
    patch = replacement(deployment(template={"old": 1}, replicas=4, paused=True), deployment(**ours))
    assert patch[1:] == [{"op": "add", "path": "/spec", "value": kept}]


def test_neither_status_nor_identity_is_replaced() -> None:
    desired = {**deployment(template={}), "status": {"replicas": 1}}
    assert [step["path"] for step in replacement(deployment(), desired)] == ["/metadata/resourceVersion", "/spec"]


def test_the_parts_of_an_object_without_a_spec_are_replaced_too() -> None:
    meta = {"name": "a", "namespace": "acme", "resourceVersion": "7"}
    ours = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"a": "1"}}
    assert replacement(ours, ours)[1:] == [{"op": "add", "path": "/data", "value": {"a": "1"}}]


def test_a_claim_is_never_replaced() -> None:
    assert [is_mendable(kind) for kind in (CLAIMS, SERVICES, DEPLOYMENTS)] == [False, True, True]


def test_only_our_own_update_of_the_object_itself_is_disowned() -> None:
    live = deployment()
    live["metadata"]["managedFields"] = [
        {"manager": "kefu-operator", "operation": "Apply"},
        {"manager": "kubectl", "operation": "Update"},
        {"manager": "kefu-operator", "operation": "Update", "subresource": "status"},
        {"manager": "kefu-operator", "operation": "Update"},
    ]
    assert leftover(live, "kefu-operator") == 3
    assert disowning(live, 3)[1] == {"op": "remove", "path": "/metadata/managedFields/3"}
    del live["metadata"]["managedFields"][3]
    assert leftover(live, "kefu-operator") is None


def test_replicas_that_we_owned_are_handed_over_when_we_leave_them_out() -> None:
    owned = {"manager": "kefu-operator", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    live = deployment(replicas=4)
    live["metadata"]["managedFields"] = [owned]
    assert handed_over(live, deployment(template={}), "kefu-operator") == {"replicas": 4}
    assert handed_over(live, deployment(template={}, replicas=2), "kefu-operator") is None
    live["metadata"]["managedFields"] = []
    assert handed_over(live, deployment(template={}), "kefu-operator") is None
