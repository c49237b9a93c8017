"""Whether a live object holds what we would apply, decided from the API server's own record of fields."""

import copy
from typing import Any

import pytest

from kefu_operator.settled import is_settled, is_settled_at, owns

DESIRED: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "d", "namespace": "n", "labels": {"a": "1"}},
    "spec": {
        "strategy": {"type": "Recreate"},
        "containers": [
            {
                "name": "c",
                "image": "i:1",
                "command": ["run", "--x"],
                "resources": {"requests": {"cpu": "1000m"}},
                "ports": [{"containerPort": 80, "protocol": "TCP"}],
            }
        ],
        "tolerations": [{"key": "gpu"}],
    },
}
FIELDS: dict[str, Any] = {
    "f:metadata": {"f:labels": {"f:a": {}}},
    "f:spec": {
        "f:strategy": {"f:type": {}},
        "f:containers": {
            'k:{"name":"c"}': {
                ".": {},
                "f:name": {},
                "f:image": {},
                "f:command": {},
                "f:resources": {"f:requests": {"f:cpu": {}}},
                "f:ports": {
                    'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}, "f:protocol": {}}
                },
            }
        },
        "f:tolerations": {},
    },
}


def live() -> dict[str, Any]:
    found = copy.deepcopy(DESIRED)
    found["metadata"]["managedFields"] = [
        {"manager": "other", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        {"manager": "me", "operation": "Apply", "subresource": "status", "fieldsV1": {}},
        {"manager": "me", "operation": "Apply", "fieldsV1": copy.deepcopy(FIELDS)},
    ]
    return found


def change(found: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Set the value at a dotted path; numbers are places in lists."""
    *parents, last = path.split(".")
    place: Any = found
    for part in parents:
        place = place[int(part)] if part.isdigit() else place[part]
    place[int(last) if last.isdigit() else last] = value
    return found


def test_what_was_applied_and_not_touched_is_settled() -> None:
    assert is_settled(live(), DESIRED, "me")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.replicas", 3),
        ("metadata.annotations", {"team": "blue"}),
        ("metadata.labels.b", "2"),
        ("spec.containers.0.terminationMessagePath", "/dev/termination-log"),
        ("spec.containers.0.resources.requests.cpu", "1"),
        ("spec.containers", [{"name": "sidecar"}, DESIRED["spec"]["containers"][0]]),
    ],
)
def test_what_others_add_and_how_the_server_writes_quantities_does_not_matter(path: str, value: Any) -> None:
    assert is_settled(change(live(), path, value), DESIRED, "me")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.containers.0.image", "i:2"),
        ("spec.containers.0.command", ["run"]),
        ("spec.containers.0.command", ["run", "--x", "--y"]),
        ("spec.containers.0.resources.requests.cpu", "2"),
        ("spec.containers", []),
        ("spec.tolerations", [{"key": "gpu"}, {"key": "more"}]),
        ("spec.strategy", {}),
        ("metadata.labels", {}),
        ("metadata.managedFields", []),
    ],
)
def test_a_value_that_others_changed_is_not_settled(path: str, value: Any) -> None:
    assert not is_settled(change(live(), path, value), DESIRED, "me")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.containers.0.workingDir", "/x"),
        ("metadata.labels.b", "2"),
        ("spec.containers.0.ports", [{"containerPort": 81, "protocol": "TCP"}]),
        ("spec.strategy", {"type": "Recreate", "more": 1}),
    ],
)
def test_a_field_that_we_newly_want_is_not_settled(path: str, value: Any) -> None:
    assert not is_settled(live(), change(copy.deepcopy(DESIRED), path, value), "me")


@pytest.mark.parametrize("path", ["spec.tolerations", "spec.containers", "spec.strategy", "metadata.labels"])
def test_a_field_that_we_no_longer_want_is_not_settled(path: str) -> None:
    wanted = copy.deepcopy(DESIRED)
    *parents, last = path.split(".")
    place: Any = wanted
    for part in parents:
        place = place[part]
    del place[last]
    assert not is_settled(live(), wanted, "me")


def test_an_object_that_we_never_applied_is_not_settled() -> None:
    assert not is_settled(live(), DESIRED, "somebody-else")


def test_a_part_is_settled_whatever_the_rest_is() -> None:
    found = change(live(), "metadata.labels.a", "other")
    assert not is_settled(found, DESIRED, "me")
    assert is_settled_at(found, DESIRED, "me", ("spec",))
    assert is_settled_at(found, DESIRED, "me", ("spec", "containers"))
    assert not is_settled_at(change(found, "spec.containers.0.image", "i:2"), DESIRED, "me", ("spec",))
    assert not is_settled_at(found, DESIRED, "me", ("status",))
    assert not is_settled_at(found, DESIRED, "other", ("spec", "containers"))


@pytest.mark.parametrize(
    ("entries", "ours"),
    [
        (("f:spec", "f:containers", 'k:{"name":"c"}', "f:command"), True),
        (("f:spec", "f:tolerations", "whatever a list holds that is owned whole"), True),
        (("f:spec", "f:containers", 'k:{"name":"d"}'), False),
        (("f:spec", "f:replicas"), False),
    ],
)
def test_a_field_is_ours_where_we_applied_it(entries: tuple[str, ...], ours: bool) -> None:
    assert owns(live(), "me", entries) is ours
    assert not owns(live(), "somebody-else", entries)
