"""What images around the Milvus operator get."""

import lzma
from pathlib import Path

import pytest
from hack.images.milvus_files import milvus_server


def test_the_packages_server_is_unpacked_with_settings_as_an_image_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_CACHE", str(tmp_path / "cache"))
    data = tmp_path / "site" / "milvus" / "data"
    (data / "bin").mkdir(parents=True)
    for name in ("milvus", "libz.so.1"):
        (data / "bin" / f"{name}.lzma").write_bytes(lzma.compress(name.encode()))
    (data / "glog.conf").write_text("--logtostdout=false")
    lines = ("port: {{ proxy_port(int): 19530 }}", "path: {{ rocksmq_data_dir }}", "embed: true", "storageType: local")
    (data / "config.yaml.template").write_text("\n".join(lines))
    made = milvus_server(tmp_path / "site")
    assert (made / "bin" / "milvus").read_text() == "milvus"
    assert (made / "lib" / "libz.so.1").stat().st_mode & 0o111
    assert (made / "configs" / "milvus.yaml").read_text().splitlines() == [
        "port: 19530",
        "path: /var/lib/milvus/rocksmq_data_dir",
        "embed: false",
        "storageType: minio",
    ]
    assert milvus_server(tmp_path / "site") == made
