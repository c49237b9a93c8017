"""Model URIs, right and wrong."""

from pathlib import Path

import pytest

from kefu_operator.fetch.errors import UriInvalid
from kefu_operator.fetch.uri import (
    BucketSource,
    HubSource,
    LocalSource,
    Source,
    WebSource,
    check_endpoint,
    file_url,
    is_safe_path,
    parse_uri,
)


@pytest.mark.parametrize(
    ("uri", "revision", "source"),
    [
        ("hf://Qwen/Qwen3-8B", None, HubSource("Qwen/Qwen3-8B", None, "main")),
        ("hf://Qwen/Qwen3-8B", "refs/pr/3", HubSource("Qwen/Qwen3-8B", None, "refs/pr/3")),
        ("hf://Qwen/Q-GGUF/q4/m.gguf", None, HubSource("Qwen/Q-GGUF", "q4/m.gguf", "main")),
        ("https://host/a/m%20x.gguf?sig=1", None, WebSource("https://host/a/m%20x.gguf?sig=1", "m x.gguf")),
        ("s3://models/q/m.gguf", None, BucketSource("models", "q/m.gguf")),
        ("s3://models/qwen/", None, BucketSource("models", "qwen/")),
        ("file:///srv/m.gguf", None, LocalSource(Path("/srv/m.gguf"))),
    ],
)
def test_what_a_user_may_write(uri: str, revision: str | None, source: Source) -> None:
    assert parse_uri(uri, revision) == source


@pytest.mark.parametrize(
    ("uri", "revision", "words"),
    [
        ("Qwen/Qwen3-8B", None, "write hf://org/repo"),
        ("gs://bucket/x", None, "write hf://org/repo"),
        ("s3://bucket", None, "s3://bucket/path/folder/"),
        ("s3://bucket/", None, "s3://bucket/path/folder/"),
        ("s3://Bucket/x", None, "s3://bucket/path/folder/"),
        ("s3://bucket/a//b", None, "s3://bucket/path/folder/"),
        ("s3://bucket/../b", None, "s3://bucket/path/folder/"),
        ("s3://bucket/x", "main", "revision belongs to hf://"),
        ("hf://Qwen", None, "hf://org/repo"),
        ("hf:///x/y", None, "hf://org/repo"),
        ("hf://a/b/../../etc/passwd", None, r"'\.\.'"),
        ("hf://a/b/.kefu/lock", None, "the file's path"),
        ("hf://a/b", "../x", "a branch, a tag or a commit"),
        ("https://host/m.gguf", "main", "revision belongs to hf://"),
        ("https://host/", None, "https://host/path/file"),
        ("https:///m.gguf", None, "https://host/path/file"),
        ("https://user:secret@host/m.gguf", None, "holds credentials"),
        ("http://host/m.gguf", None, "KEFU_ALLOW_HTTP=1"),
        ("file://host/m.gguf", None, "three slashes"),
    ],
)
def test_what_a_user_may_get_wrong(uri: str, revision: str | None, words: str) -> None:
    with pytest.raises(UriInvalid, match=words) as refused:
        parse_uri(uri, revision)
    assert "secret@" not in str(refused.value)


def test_revisions_with_slashes_are_one_part_of_the_address() -> None:
    assert (
        file_url("https://hub", "a/b", "refs/pr/3", "q 4/m.gguf")
        == "https://hub/a/b/resolve/refs%2Fpr%2F3/q%204/m.gguf"
    )


@pytest.mark.parametrize("endpoint", ["hub", "ftp://hub", "https://", "http://hub"])
def test_an_endpoint_that_cannot_be_used(endpoint: str) -> None:
    with pytest.raises(UriInvalid, match="HF_ENDPOINT"):
        check_endpoint(endpoint, allow_http=False)


@pytest.mark.parametrize("path", ["", "/etc/passwd", "a/../b", "a//b", "./a", "a\\b", ".kefu/done/a.json", "a\0"])
def test_paths_that_leave_the_folder(path: str) -> None:
    assert not is_safe_path(path)
