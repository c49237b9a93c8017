import stat
from pathlib import Path

import pytest

from kefu_operator.local.errors import InputInvalid
from kefu_operator.local.mounts import Contents, Mounts
from kefu_operator.plan.workload import (
    ClaimMount,
    ConfigMapMount,
    DocumentMount,
    Mount,
    ScratchMount,
    SecretMount,
    VolumeMount,
)

CONTENTS = Contents({"faq": {"a.yaml": "问"}}, {"keys": {"one": b"1", "two": b"2"}})


@pytest.fixture
def mounts(tmp_path: Path) -> Mounts:
    return Mounts(tmp_path, CONTENTS)


def test_each_kind_of_mount_comes_to_life(tmp_path: Path, mounts: Mounts) -> None:
    mounts.prepare(
        [
            DocumentMount("d", str(tmp_path / "d"), "cm", {"release.json": "{}"}),
            ConfigMapMount("c", str(tmp_path / "c"), "faq"),
            SecretMount("all", str(tmp_path / "all"), "keys"),
            SecretMount("one", str(tmp_path / "one"), "keys", "two"),
            VolumeMount("v", str(tmp_path / "v"), "claim", "1Gi"),
            ScratchMount("s", str(tmp_path / "s")),
        ]
    )
    assert (tmp_path / "d/release.json").read_text() == "{}"
    assert (tmp_path / "c/a.yaml").read_text() == "问"
    assert sorted(file.name for file in (tmp_path / "all").glob("[a-z]*")) == ["one", "two"]
    assert [file.name for file in (tmp_path / "one").glob("[a-z]*")] == ["two"]
    assert stat.S_IMODE((tmp_path / "one/two").stat().st_mode) == 0o600
    assert (tmp_path / "v").is_dir()
    assert (tmp_path / "s").is_dir()


def test_a_volume_outlives_the_process_and_a_scratch_folder_does_not(tmp_path: Path, mounts: Mounts) -> None:
    kept, lost = VolumeMount("v", str(tmp_path / "v"), "claim", "1Gi"), ScratchMount("s", str(tmp_path / "s"))
    mounts.prepare([kept, lost])
    for folder in "vs":
        (tmp_path / folder / "file").touch()
    mounts.prepare([kept, lost])
    assert (tmp_path / "v/file").exists()
    assert not (tmp_path / "s/file").exists()


def test_a_scratch_folder_of_the_system_is_left_alone(tmp_path: Path) -> None:
    outside = tmp_path / "shm"
    outside.mkdir()
    (outside / "file").touch()
    Mounts(tmp_path / "state", CONTENTS).prepare([ScratchMount("shm", str(outside), in_memory=True)])
    assert (outside / "file").exists()


def test_a_running_process_sees_new_contents(tmp_path: Path, mounts: Mounts) -> None:
    mount = ConfigMapMount("c", str(tmp_path / "c"), "faq")
    mounts.prepare([mount])
    mounts.contents = Contents({"faq": {"a.yaml": "答"}}, {})
    mounts.refresh([mount])
    assert (tmp_path / "c/a.yaml").read_text() == "答"


@pytest.mark.parametrize(
    ("mount", "sentence"),
    [
        (ConfigMapMount("c", "/unused", "absent"), "no ConfigMap absent"),
        (SecretMount("s", "/unused", "absent"), "no Secret absent"),
        (SecretMount("s", "/unused", "keys", "three"), "Secret keys has no key three.*one, two"),
        (ClaimMount("m", "/unused", "models"), "pvc:// models exist in clusters only"),
    ],
    ids=["a ConfigMap that is missing", "a Secret that is missing", "a key that is missing", "a claim"],
)
def test_what_cannot_be_had_is_named(mounts: Mounts, mount: Mount, sentence: str) -> None:
    with pytest.raises(InputInvalid, match=sentence):
        mounts.prepare([mount])
