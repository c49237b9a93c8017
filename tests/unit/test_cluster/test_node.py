"""The pure parts of the native node: addresses, configuration, volumes, images."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hack.cluster.errors import UsageError
from hack.cluster.node import addons, config, images
from hack.cluster.node.components import foundation, remainder, runtime
from hack.cluster.node.layout import Layout
from hack.cluster.node.preflight import conflicts
from hack.cluster.node.volumes import PROVISIONER, plan, storage_class

NODE = Layout(Path("/state"))
CLAIM: dict[str, Any] = {
    "metadata": {
        "uid": "123",
        "name": "data",
        "namespace": "shop",
        "annotations": {"volume.kubernetes.io/selected-node": "kefu"},
    },
    "spec": {
        "storageClassName": "kefu-local",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    },
}


def without_node(claim: dict[str, Any]) -> dict[str, Any]:
    return claim | {"metadata": claim["metadata"] | {"annotations": {}}}


def with_spec(claim: dict[str, Any], **changes: str) -> dict[str, Any]:
    return claim | {"spec": claim["spec"] | changes}


def volume(name: str, phase: str, provisioner: str = PROVISIONER) -> dict[str, Any]:
    annotations = {"pv.kubernetes.io/provisioned-by": provisioner}
    return {"metadata": {"name": name, "annotations": annotations}, "status": {"phase": phase}}


def test_a_claim_whose_pod_was_placed_gets_a_volume_bound_to_it() -> None:
    wanted = plan([CLAIM], [], Path("/volumes"))
    (created,) = wanted.create
    assert created["spec"]["claimRef"]["uid"] == "123"
    assert created["spec"]["local"]["path"] == "/volumes/pvc-123"
    assert created["spec"]["capacity"] == {"storage": "1Gi"}


@pytest.mark.parametrize(
    "claim",
    [without_node(CLAIM), with_spec(CLAIM, storageClassName="fast"), with_spec(CLAIM, volumeName="pv-1")],
    ids=["no pod yet", "another class", "bound already"],
)
def test_other_claims_get_none(claim: dict[str, Any]) -> None:
    assert plan([claim], [], Path("/volumes")).create == []


def test_a_volume_is_not_made_twice() -> None:
    assert plan([CLAIM], [volume("pvc-123", "Available")], Path("/volumes")).create == []


def test_only_released_volumes_of_our_own_are_removed() -> None:
    volumes = [volume("a", "Bound"), volume("b", "Released"), volume("c", "Released", provisioner="other")]
    assert [one["metadata"]["name"] for one in plan([], volumes, Path("/volumes")).remove] == ["b"]


def test_routes_that_overlap_are_named_and_our_own_are_not() -> None:
    routes: list[dict[str, object]] = [
        {"dst": "default", "dev": "ens3"},
        {"dst": "10.244.0.0/24", "dev": "kefu0"},
        {"dst": "10.0.0.0/8", "dev": "tun0"},
        {"dst": "192.168.1.0/24", "dev": "ens3"},
        {"dst": "172.31.255.2", "dev": "wg0"},
    ]
    assert conflicts(routes) == ["10.0.0.0/8 via tun0", "172.31.255.2 via wg0"]


def test_configuration_is_rendered_under_the_state_folder() -> None:
    rendered = config.render(NODE)
    assert json.loads(rendered["kubelet.json"])["tlsCertFile"] == "/state/pki/kubelet.crt"
    assert json.loads(rendered["kube-proxy.json"])["conntrack"]["maxPerCore"] == 0
    assert 'conf_dir = "/state/config/cni"' in rendered["containerd.toml"]


def test_no_secret_is_in_a_command_line_and_each_component_is_there_once() -> None:
    components = [*runtime(NODE), *foundation(NODE), *remainder(NODE, ["metrics-server", "keda"])]
    names = [component.name for component in components]
    assert len(set(names)) == len(names)
    assert not any("token" in word or "PRIVATE" in word for component in components for word in component.command)


def test_the_default_storage_class_waits_for_the_first_pod() -> None:
    assert storage_class()["volumeBindingMode"] == "WaitForFirstConsumer"


def test_metrics_are_applied_only_when_asked_for() -> None:
    kinds = {one["kind"] for one in addons.objects([])}
    assert "APIService" not in kinds
    for extra, group in {"metrics-server": "metrics.k8s.io", "keda": "external.metrics.k8s.io"}.items():
        (version,) = (one for one in addons.objects([extra]) if one["kind"] == "APIService")
        assert version["spec"]["group"] == group


def test_names_are_read_from_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    data = json.dumps([{"RepoTags": ["kefu.local/a:1", "kefu.local/a:dev"]}]).encode()
    with tarfile.open(archive, "w") as content:
        entry = tarfile.TarInfo("manifest.json")
        entry.size = len(data)
        content.addfile(entry, io.BytesIO(data))
    assert images.references(archive) == ["kefu.local/a:1", "kefu.local/a:dev"]


def test_a_file_that_is_no_archive_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_text("hello")
    with pytest.raises(UsageError, match=r"image\.tar is no docker-archive"):
        images.references(path)


TABLE = """\
REF              TYPE  DIGEST   SIZE
kefu.local/a:1   x     sha256:1 1 MiB
kefu.local/a:dev x     sha256:2 1 MiB
kefu.local/b:1   x     sha256:3 1 MiB
kefu.local/b:dev x     sha256:3 1 MiB
"""


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["kefu.local/b:1", "kefu.local/b:dev"], True),
        (["kefu.local/a:1", "kefu.local/a:dev"], False),
        (["kefu.local/c:1", "kefu.local/c:dev"], False),
        ([], False),
    ],
    ids=["all there", "the second name means an older image", "absent", "no names"],
)
def test_an_image_is_complete_when_all_its_names_mean_the_same(names: list[str], expected: bool) -> None:
    assert images.complete(names, images.listed(TABLE)) is expected
