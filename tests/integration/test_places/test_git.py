"""Files of a real Git server."""

import base64
from pathlib import Path

import pytest

from kefu_api.documents.fetch import GitPlace, Limits
from tests.integration.test_places.servers import GitServer, Repository, git_server
from tests.integration.test_places.world import bring, current, left_out, seen


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "git")


def of(server: GitServer, **settings: str) -> GitPlace:
    return GitPlace(url=f"{server.url}/shop.git", **settings)


async def test_only_a_new_commit_is_fetched_and_only_its_new_objects(repository: Repository, tmp_path: Path) -> None:
    large = "".join(f"{n * 2654435761 % 2**32:x}\n" for n in range(30_000))
    commit = repository.commit(
        {"docs/退货.md": "七天", "docs/fit.md": "fits", "docs/large.txt": large, "README.md": "r"}
    )
    async with git_server(repository.bare.parent) as server:
        place = of(server, folder="docs")
        first = await bring(tmp_path, place)
        assert first.reason is None, first.message
        assert set(seen(tmp_path)) == {"退货.md", "fit.md", "large.txt"} and current(tmp_path).mark == commit
        sent = server.bytes_sent
        assert sent > 100_000
        same = await bring(tmp_path, place)
        assert (same.digest, same.received) == (first.digest, 0)
        assert not [line for line in server.requests[3:] if "POST" in line and "upload-pack" in line and same.received]
        repository.commit({"docs/fit.md": "fits all", "docs/退货.md": None})
        before = server.bytes_sent
        again = await bring(tmp_path, place)
        assert again.reason is None, again.message
        assert again.received == 1 and seen(tmp_path)["fit.md"] == "fits all" and "退货.md" not in seen(tmp_path)
        assert server.bytes_sent - before < 10_000, "the large file was not sent again"


async def test_a_rewritten_history_is_followed(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.md": "1"})
    async with git_server(repository.bare.parent) as server:
        await bring(tmp_path, of(server))
        repository._git("commit", "--quiet", "--amend", "-m", "Anew", "--allow-empty")
        repository.commit({"a.md": "2", "b.md": "b"})
        fetched = await bring(tmp_path, of(server))
    assert fetched.reason is None, fetched.message
    assert seen(tmp_path) == {"a.md": "2", "b.md": "b"}


async def test_a_branch_or_a_tag_can_be_named(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.md": "tagged"}, tag="v1")
    repository.commit({"a.md": "main"})
    repository.branch("draft")
    repository.commit({"a.md": "draft"})
    async with git_server(repository.bare.parent) as server:
        for number, (ref, text) in enumerate([("v1", "tagged"), ("draft", "draft"), ("main", "main")]):
            fetched = await bring(tmp_path / str(number), of(server, ref=ref))
            assert fetched.reason is None, fetched.message
            assert seen(tmp_path / str(number)) == {"a.md": text}
        assert (await bring(tmp_path, of(server))).reason is None and seen(tmp_path) == {"a.md": "main"}
        failed = await bring(tmp_path, of(server, ref="none"))
        assert failed.reason == "PlaceMissing" and "no branch or tag none" in (failed.message or "")


async def test_links_pointers_and_hidden_files_are_no_documents(repository: Repository, tmp_path: Path) -> None:
    (repository.tree / "link.md").symlink_to("/etc/passwd")
    repository.commit({"a.md": "a", ".github/x.md": "x", "big.pdf": "version https://git-lfs.github.com/spec/v1\n"})
    async with git_server(repository.bare.parent) as server:
        await bring(tmp_path, of(server))
    assert seen(tmp_path) == {"a.md": "a"}
    assert "symbolic link" in left_out(tmp_path)["link.md"] and "LFS" in left_out(tmp_path)["big.pdf"]


async def test_credentials_are_sent_and_their_refusal_is_told(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.md": "a"})
    wanted = "Basic " + base64.b64encode(b"git:t0ken").decode()
    token = tmp_path / "token"
    token.write_text("t0ken\n")
    async with git_server(repository.bare.parent, wanted) as server:
        refused = await bring(tmp_path, of(server))
        assert (refused.reason, refused.temporary) == ("PlaceForbidden", False)
        admitted = await bring(tmp_path, of(server, password_file=str(token)))
    assert admitted.reason is None and seen(tmp_path) == {"a.md": "a"}


async def test_what_is_wrong_is_told(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.md": "a" * 100, "b.md": "".join(f"{n * 2654435761 % 2**32:x}" for n in range(5000))})
    async with git_server(repository.bare.parent) as server:
        missing = await bring(tmp_path, GitPlace(url=f"{server.url}/none.git"))
        empty = await bring(tmp_path, of(server, folder="none"))
        large = await bring(tmp_path, of(server), Limits(total_bytes=1000))
        refused = await bring(tmp_path, of(server), loopback=False)
        ssh = await bring(tmp_path, GitPlace(url="ssh://git@example.com/shop.git"))
    away = await bring(tmp_path, of(server))
    reasons = [missing.reason, empty.reason, large.reason, refused.reason, ssh.reason, away.reason]
    assert reasons == [
        "PlaceMissing", "PlaceMissing", "PlaceInvalid", "AddressRefused", "PlaceInvalid", "PlaceUnreachable"
    ]  # fmt: skip


async def test_a_broken_repository_beside_the_shelf_is_made_anew(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.md": "1"})
    async with git_server(repository.bare.parent) as server:
        await bring(tmp_path, of(server))
        for pack in (tmp_path / "s" / "git" / "objects" / "pack").iterdir():
            pack.chmod(0o644)
            pack.write_bytes(b"broken")
        repository.commit({"a.md": "2"})
        fetched = await bring(tmp_path, of(server))
    assert fetched.reason is None, fetched.message
    assert seen(tmp_path) == {"a.md": "2"}
