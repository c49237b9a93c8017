"""The git place: the files of one commit, fetched shallowly into a bare repository beside the shelf.

Git over HTTP(S) only, with dulwich: it needs no program in the image, and its connections can be guarded.
"""

import asyncio
import shutil
import struct
import tempfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kefu_api.documents.fetch import GitPlace
from kefu_retrieval.errors import PlaceInvalid, PlaceMissing, PlaceUnreachable
from kefu_retrieval.places.addresses import Addresses
from kefu_retrieval.places.gathering import About, Gathering
from kefu_retrieval.places.git_transport import Remote
from kefu_retrieval.places.web import shown

if TYPE_CHECKING:
    from dulwich.objects import ObjectID, TreeEntry
    from dulwich.repo import Repo

FOLDER = "git"
OURS = "refs/heads/kefu"
LFS = b"version https://git-lfs"
"""How a file begins that is only a pointer to where its content is."""
_LINK, _SUBMODULE = 0o120000, 0o160000


class GitFiles:
    """Reads the tree of a branch or tag; only objects that are new travel."""

    def __init__(self, place: GitPlace, folder: Path, addresses: Addresses, password: str | None) -> None:
        """`folder` is where the bare repository lies; it is made anew when it cannot be used."""
        self._place = place
        self._folder = folder / FOLDER
        self._addresses = addresses
        self._password = password

    async def fetch(self, gathering: Gathering) -> None:
        """As `Place.fetch`."""
        stop = threading.Event()
        remote = Remote(self._place, self._addresses, self._password, gathering.limits.total_bytes, stop)
        try:
            commit = await asyncio.to_thread(remote.commit)
            before = gathering.previous
            if before is not None and before.mark == commit.decode() and gathering.keep_all():
                return
            repository = await asyncio.to_thread(self._bring, remote, commit, gathering.limits.total_bytes)
            try:
                with repository:
                    await self._take(gathering, repository, commit)
            except _broken() as error:
                shutil.rmtree(self._folder, ignore_errors=True)
                raise PlaceUnreachable(
                    f"what was fetched of {shown(self._place.url)} is broken; it is fetched anew"
                ) from error
            gathering.mark = commit.decode()
        finally:
            stop.set()

    def _bring(self, remote: Remote, commit: "ObjectID", limit: int) -> "Repo":
        """The repository with `commit` in it; one that is broken or has outgrown its limit is fetched anew."""
        from dulwich.errors import NotGitRepository
        from dulwich.repo import Repo

        try:
            if _size(self._folder) > 2 * limit:
                raise NotGitRepository(self._folder)
            repository = Repo(str(self._folder))
            return _with_commit(repository, remote, commit)
        except _broken():
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True)
            return _with_commit(Repo.init_bare(str(self._folder)), remote, commit)

    async def _take(self, gathering: Gathering, repository: "Repo", commit: "ObjectID") -> None:
        for name, entry in await asyncio.to_thread(self._entries, repository, commit):
            mark = _text(entry.sha)
            held = gathering.known(name)
            if held and held.mark == mark and gathering.keep(name):
                continue
            if entry.mode in (_LINK, _SUBMODULE):
                what = "a symbolic link" if entry.mode == _LINK else "a submodule"
                gathering.leave_out(name, f"{what}; name the file or the repository itself")
                continue
            content = await asyncio.to_thread(_blob, repository, entry)
            if content.startswith(LFS):
                gathering.leave_out(name, "kept in Git LFS, which is not followed; keep it in the repository, or in S3")
            else:
                await gathering.receive_whole(name, content, About(mark=mark))

    def _entries(self, repository: "Repo", commit: "ObjectID") -> list[tuple[str, "TreeEntry"]]:
        """The files below the folder that are not hidden, by name."""
        found = []
        inside = f"{self._place.folder.strip('/')}/" if self._place.folder.strip("/") else ""
        for entry in _walk(repository, commit):
            path = (entry.path or b"").decode(errors="replace")
            hidden = any(part.startswith(".") for part in path.split("/"))
            if path.startswith(inside) and not hidden:
                found.append((path.removeprefix(inside), entry))
        if not found:
            where = self._place.folder or "the repository"
            raise PlaceMissing(f"{shown(self._place.url)} holds no file in {where}; correct the source's folder or ref")
        return found


def _broken() -> tuple[type[Exception], ...]:
    """What dulwich raises over files that were damaged; it checks little by itself."""
    from dulwich.errors import ChecksumMismatch, FileFormatException, NotGitRepository

    wrong = (KeyError, AssertionError, ValueError, struct.error, zlib.error)
    return (NotGitRepository, ChecksumMismatch, FileFormatException, *wrong)


def _with_commit(repository: "Repo", remote: Remote, commit: "ObjectID") -> "Repo":
    from dulwich.refs import Ref

    try:
        if commit not in repository.object_store:
            with tempfile.TemporaryFile(dir=repository.path) as pack:
                remote.pack(repository, commit, pack.write)
                if pack.tell():
                    pack.seek(0)
                    repository.object_store.add_thin_pack(pack.read, None)
        repository.refs[Ref(OURS.encode())] = commit
        return repository
    except BaseException:
        repository.close()
        raise


def _walk(repository: "Repo", commit: "ObjectID") -> Iterator["TreeEntry"]:
    from dulwich.objects import Commit, Tag

    found = repository[commit]
    while isinstance(found, Tag):
        found = repository[found.object[1]]
    if not isinstance(found, Commit):
        raise PlaceInvalid("the ref names no commit; name a branch or a tag")
    return repository.object_store.iter_tree_contents(found.tree)


def _blob(repository: "Repo", entry: "TreeEntry") -> bytes:
    return repository.object_store[entry.sha].as_raw_string()


def _text(sha: object) -> str:
    return sha.decode() if isinstance(sha, bytes) else str(sha)


def _size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
