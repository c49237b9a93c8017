"""Keys and names of the cluster's programs."""

from dataclasses import replace
from pathlib import Path

import pytest
from hack.cluster.cache import digest, relink
from hack.cluster.errors import UsageError
from hack.cluster.gobuild import executable_name
from hack.cluster.programs import GROUPS, Group, groups_named

HOSTS = ("proxy.", "https://", "http://")


def test_the_key_depends_on_flags_and_packages_but_not_on_their_order() -> None:
    group = next(group for group in GROUPS if group.name == "core")
    assert group.key == replace(group, packages=dict(reversed(group.packages.items()))).key
    assert group.key != replace(group, ldflags="").key
    assert group.key != replace(group, packages={"kubectl": group.packages["kubectl"]}).key


def test_parts_that_join_to_the_same_bytes_have_different_digests() -> None:
    assert digest([b"ab", b"c"]) != digest([b"a", b"bc"])


def test_a_program_is_found_by_its_own_name_and_by_its_groups() -> None:
    assert [group.name for group in groups_named(["kubectl", "helm"])] == ["core"]
    assert [group.name for group in groups_named(["core", "kwok"])] == ["core", "kwok"]


@pytest.mark.parametrize(
    ("package", "name"),
    [("k8s.io/kubernetes/cmd/kubectl", "kubectl"), ("go.etcd.io/etcd/server/v3", "server"), ("./coredns", "coredns")],
)
def test_the_compilers_name_of_a_program_leaves_out_its_major_version(package: str, name: str) -> None:
    assert executable_name(package) == name


def test_optional_groups_are_built_only_by_name() -> None:
    assert "kwok" not in [group.name for group in groups_named([])]
    assert [group.name for group in groups_named(["kwok"])] == ["kwok"]


def test_an_unknown_program_is_named_together_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"called kubcetl; choose from .*kubectl"):
        groups_named(["kubcetl"])


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_each_group_is_pinned_and_names_no_server(group: Group) -> None:
    for name in ("go.mod", "go.sum"):
        text = (group.folder / name).read_text()
        assert text
        assert not any(host in text for host in HOSTS)


def test_a_link_is_moved_in_place(tmp_path: Path) -> None:
    link = tmp_path / "current" / "etcd"
    relink(link, tmp_path / "one")
    relink(link, tmp_path / "two")
    assert link.readlink() == tmp_path / "two"
    assert [path.name for path in link.parent.iterdir()] == ["etcd"]
