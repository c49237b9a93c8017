"""Files and folders as one tenant's typed bundle."""

from pathlib import Path

import pytest

from kefu_api.errors import InvalidManifests, ManifestError
from kefu_api.manifests import load, read
from kefu_api.manifests.files import MAX_FILES
from tests.unit.test_api.test_validation import CHATBOT, CONFIG_MAP, INDEX, SECRET


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return path


def test_a_folder_becomes_a_typed_bundle(tmp_path: Path) -> None:
    deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: other}}"
    folder(tmp_path, a=f"{CHATBOT}---\n{INDEX}", b=CONFIG_MAP, c=SECRET, d=deployment)
    (tmp_path / "README.md").write_text("not a manifest")
    found = load([tmp_path])
    assert [chatbot.metadata.name for chatbot in found.chatbots] == ["shop"]
    assert [index.spec.sources[0].name for index in found.indexes] == ["faq"]
    assert found.config_maps == {"shop-faq": {"faq.yaml": "[]"}}
    assert found.secrets == {"hub": {"token": b"hf_secret"}}
    assert [other["kind"] for other in found.others] == ["Deployment"]
    assert [warning.name for warning in found.warnings] == ["web"]
    assert "hf_secret" not in repr(found)


def test_string_data_wins_and_binary_data_is_text_where_it_can_be(tmp_path: Path) -> None:
    secret = SECRET.replace("stringData:", "data: {token: b2xk, other: eA==}\nstringData:")
    config = CONFIG_MAP + "binaryData: {b.txt: 5Lit, c.bin: /w==}\n"
    found = load([folder(tmp_path, a=secret, b=config)])
    assert found.secrets["hub"] == {"token": b"hf_secret", "other": b"x"}
    assert found.config_maps["shop-faq"] == {"faq.yaml": "[]", "b.txt": "中", "c.bin": b"\xff"}
    assert found.warnings == ()


def test_errors_are_raised_together(tmp_path: Path) -> None:
    folder(tmp_path, a=CHATBOT.replace("model:", "modle:"), b=INDEX.replace("FAQ", "faq"))
    with pytest.raises(InvalidManifests) as caught:
        load([tmp_path])
    errors = [found.field for found in caught.value.findings if found.severity == "error"]
    assert errors == ["spec.modle", "spec.sources[0].format"]
    assert "did you mean model?" in str(caught.value)


def test_objects_of_two_namespaces_are_refused(tmp_path: Path) -> None:
    folder(tmp_path, a=CONFIG_MAP, b=SECRET.replace("{name: hub}", "{name: hub, namespace: acme}"))
    with pytest.raises(ManifestError, match=r"several namespaces \(acme, default\): give those of one"):
        load([tmp_path])


def test_files_are_read_once_and_in_order(tmp_path: Path) -> None:
    folder(tmp_path, b=INDEX, a=CHATBOT)
    kinds = [document["kind"] for document in read([tmp_path / "b.yaml", tmp_path])]
    assert kinds == ["KnowledgeIndex", "ChatbotDeployment"]


def test_what_cannot_be_read_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no such file or folder: correct the path"):
        read([tmp_path / "absent.yaml"])
    with pytest.raises(ManifestError, match=r"the folder holds no \.yaml, \.yml or \.json file"):
        read([tmp_path])
    file = tmp_path / "latin.yaml"
    file.write_bytes("a: 1\nb: é".encode("latin-1"))
    with pytest.raises(ManifestError, match=r"latin.yaml:2: not UTF-8: save the file as UTF-8"):
        read([file])
    file.write_bytes(b"#" * (4 * 1024 * 1024 + 1))
    with pytest.raises(ManifestError, match="larger than 4 MiB"):
        read([file])


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        (tmp_path / f"{number}.yaml").touch()
    with pytest.raises(ManifestError, match="501 files, more than 500: name fewer"):
        read([tmp_path])


def test_a_byte_order_mark_and_json_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(
        b'\xef\xbb\xbf{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}'
    )
    assert load([tmp_path]).config_maps == {"c": {}}
