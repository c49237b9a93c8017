"""Models from a real S3 server: one object or all below a prefix, signed, resumed and checked."""

import asyncio
import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kefu_api.s3.signature import KeyPair
from kefu_operator.fetch.bucket import Server
from kefu_operator.fetch.errors import ChecksumMismatch, Forbidden, NotFound, UriInvalid
from kefu_operator.fetch.fetcher import Fetched, Fetcher, Request
from kefu_operator.fetch.retries import RetryPolicy
from tests.integration.test_places.servers import Bucket, s3_server

WEIGHTS = hashlib.shake_256(b"weights").digest(3_000_000)
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with s3_server() as served:
        served.put("small/model.gguf", WEIGHTS)
        served.put("qwen/config.json", b"{}")
        served.put("qwen/model-00001.safetensors", WEIGHTS)
        served.put("qwen/chat/%E6%A8%A1%E6%9D%BF%20%2B.jinja", "你好".encode())
        served.put("qwen2/other", b"a neighbour")
        yield served


def server(bucket: Bucket, secret: str | None = None) -> Server:
    return Server(bucket.endpoint, keys=KeyPair(bucket.access, secret or bucket.secret))


def fetch(bucket: Bucket, uri: str, into: Path, events: list[dict[str, Any]] | None = None, **wanted: Any) -> Fetched:
    asked = wanted.pop("server", None) or server(bucket)
    told = events.append if events is not None else lambda event: None
    fetcher = Fetcher(server=asked, emit=told, policy=RetryPolicy(attempts=2, first_seconds=0.1))
    return asyncio.run(fetcher.fetch(Request(uri, into, **wanted)))


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".kefu" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_one_object_comes_whole_and_is_told_in_percent(bucket: Bucket, tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    fetched = fetch(bucket, "s3://docs/small/model.gguf", tmp_path, events, sha256=SHA256)
    assert (fetched.path, fetched.sha256) == (tmp_path / "model.gguf", SHA256)
    assert fetched.path.read_bytes() == WEIGHTS
    assert events[-1]["percent"] == 100


def test_a_folder_brings_every_object_below_it_and_no_neighbour(bucket: Bucket, tmp_path: Path) -> None:
    fetch(bucket, "s3://docs/qwen/", tmp_path)
    expected = {"config.json": b"{}", "model-00001.safetensors": WEIGHTS, "chat/模板 +.jinja": "你好".encode()}
    assert files(tmp_path) == expected


def test_a_folder_that_is_whole_is_not_asked_for_again(bucket: Bucket, tmp_path: Path) -> None:
    fetch(bucket, "s3://docs/qwen/", tmp_path)
    nowhere = Server("http://127.0.0.1:9")
    assert fetch(bucket, "s3://docs/qwen/", tmp_path, server=nowhere).path == tmp_path


def test_what_was_interrupted_goes_on_where_it_stopped(bucket: Bucket, tmp_path: Path) -> None:
    fetch(bucket, "s3://docs/small/model.gguf", tmp_path / "whole")
    part = tmp_path / ".kefu/parts/model.gguf.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(WEIGHTS[:2_000_000])
    events: list[dict[str, Any]] = []
    fetched = fetch(bucket, "s3://docs/small/model.gguf", tmp_path, events, sha256=SHA256)
    assert fetched.path.read_bytes() == WEIGHTS
    # Only the missing third was received, so the last rate is that of a third.
    assert not part.exists()


def test_an_object_that_changed_meanwhile_is_begun_anew(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("changed/a.bin", b"old " * 1000)
    fetch(bucket, "s3://docs/changed/a.bin", tmp_path)
    records = tmp_path / ".kefu"
    (records / "parts").mkdir(exist_ok=True)
    (records / "parts/a.bin.part").write_bytes(b"old " * 500)
    etag = {"source": "s3://docs/changed/a.bin", "etag": '"of-the-old-one"'}
    (records / "parts/a.bin.json").write_text(json.dumps(etag))
    (tmp_path / "a.bin").unlink()
    bucket.put("changed/a.bin", b"new " * 1000)
    assert fetch(bucket, "s3://docs/changed/a.bin", tmp_path).path.read_bytes() == b"new " * 1000


@pytest.mark.parametrize(
    ("uri", "wanted", "error", "words"),
    [
        ("s3://docs/absent.gguf", {}, NotFound, "check the model's URI"),
        ("s3://docs/absent/", {}, NotFound, "nothing below absent/"),
        ("s3://nobucket/a/", {}, NotFound, "check the model's URI"),
        ("s3://docs/small/model.gguf", {"sha256": "0" * 64}, ChecksumMismatch, "expected SHA-256 000"),
        ("s3://docs/qwen/", {"sha256": SHA256}, UriInvalid, "sha256 belongs to single files"),
    ],
)
def test_what_does_not_come_is_told_with_its_remedy(
    bucket: Bucket, tmp_path: Path, uri: str, wanted: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        fetch(bucket, uri, tmp_path, **wanted)
    assert files(tmp_path) == {}


def test_wrong_keys_are_told_without_showing_them(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(Forbidden, match="check the keys") as refused:
        fetch(bucket, "s3://docs/qwen/", tmp_path, server=server(bucket, "wr0ng"))
    assert "wr0ng" not in str(refused.value)
    with pytest.raises(Forbidden, match="accessKeySecret and secretKeySecret"):
        fetch(bucket, "s3://docs/qwen/", tmp_path, server=Server(bucket.endpoint))


def test_the_command_takes_server_and_keys_from_its_environment(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "access").write_text(bucket.access)
    (tmp_path / "secret").write_text(f"{bucket.secret}\n")
    env = {
        **os.environ,
        "S3_ENDPOINT": bucket.endpoint,
        "S3_ACCESS_KEY_PATH": str(tmp_path / "access"),
        "S3_SECRET_KEY_PATH": str(tmp_path / "secret"),
    }
    command = [sys.executable, "-m", "kefu_operator.fetch", "--uri", "s3://docs/qwen/", "--into", str(tmp_path / "in")]
    ended = subprocess.run(command, env=env, check=False, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout
    assert len(files(tmp_path / "in")) == 3
    assert bucket.secret not in ended.stdout + ended.stderr


def test_the_digest_that_an_object_was_stored_with_is_held_against_it(bucket: Bucket, tmp_path: Path) -> None:
    digest = base64.b64encode(hashlib.sha256(b"checked").digest()).decode()
    bucket.put("checked/a.bin", b"checked", {"x-amz-checksum-sha256": digest})
    assert fetch(bucket, "s3://docs/checked/a.bin", tmp_path).sha256 == hashlib.sha256(b"checked").hexdigest()
