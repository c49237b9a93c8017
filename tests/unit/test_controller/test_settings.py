"""Settings: what is wrong is named, with the variable and the remedy."""

from pathlib import Path

import pytest

from kefu_operator.errors import SettingsError
from kefu_operator.settings import LeasePlace, load


def test_nothing_set_gives_a_complete_default() -> None:
    settings = load({})
    assert settings.namespaces == ()
    assert settings.images.reference("gateway") == "kefu.local/gateway:dev"
    assert settings.images.reference("registry.example/own:1") == "registry.example/own:1"


def test_namespaces_are_a_list() -> None:
    assert load({"KEFU_NAMESPACES": " a, b,"}).namespaces == ("a", "b")


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("images: {table: {gatewya: x}}", "unknown role 'gatewya'"),
        ("images: {pullPolicy: Sometimes}", "images.pullPolicy"),
        ("accelerators: {h100: {}}", "accelerators.h100.resource"),
        ("accelerators: {h100: {resource: x, memory: 80GB}}", "accelerators.h100.memory"),
        ("accelerators: {h100: {resource: x, perNode: 0}}", "accelerators.h100.perNode"),
        ("prometheus: {url: prometheus:9090}", "prometheus.url"),
        ("nope: 1", "nope"),
        ("a: [", "no YAML"),
    ],
)
def test_a_wrong_table_is_refused_by_its_field(tmp_path: Path, text: str, fragment: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match="KEFU_CONFIG") as error:
        load({"KEFU_CONFIG": str(path)})
    assert fragment in str(error.value)


def test_a_lease_is_named_by_its_namespace_and_name() -> None:
    assert load({"KEFU_LEASE": "system/kefu"}).lease == LeasePlace("system", "kefu")
    assert load({"KEFU_LEASE": ""}).lease is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEFU_LEASE", "kefu"),
        ("KEFU_LEASE", "a/b/c"),
        ("KEFU_PORT", "http"),
        ("KEFU_WORKERS", "0"),
        ("KEFU_CONFIG", "/nowhere"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({name: value})


def test_a_class_holds_what_the_fit_computes_with(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("accelerators: {h100: {resource: nvidia.com/gpu, memory: 81559Mi, fp8: true, perNode: 8}}")
    known = load({"KEFU_CONFIG": str(path)}).plan.accelerators["h100"]
    assert (known.memory, known.fp8, known.per_node) == (81_559 * 2**20, True, 8)
