"""The hub's routes over the local store, so that `HF_ENDPOINT` can name this machine.

Serves each model of the table under its hub address and as `kefu-dev/<name>`, and each folder below `snapshots/` as
`kefu-dev/<folder>`. It holds no secrets and writes nothing.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter

from hack.models.table import Model
from kefu_operator.fetch.checksum import hash_file

OWN = "kefu-dev"
REVISION = "main"


@dataclass(frozen=True)
class Repository:
    """Files by their path in the repository; digests where the table knows them."""

    files: dict[str, Path]
    sha256: dict[str, str]


class Mirror:
    """Answers for `root`, the folder of all models; what is fetched later is served, too."""

    def __init__(self, root: Path, table: dict[str, Model]) -> None:
        self._root, self._table = root, table
        self._digests: dict[tuple[Path, int, int], str] = {}

    def app(self) -> web.Application:
        """The application."""
        app = web.Application()
        app.router.add_get("/health", self._health)
        app.router.add_get("/api/models/{org}/{name}/revision/{revision}", self._listing)
        app.router.add_get("/{org}/{name}/resolve/{revision}/{file:.+}", self._file)
        return app

    def repositories(self) -> dict[str, Repository]:
        """What can be fetched now, by `org/name`."""
        found: dict[str, Repository] = {}
        for model in self._table.values():
            path = model.path(self._root)
            if not path.is_file():
                continue
            repository = Repository({model.file: path}, {model.file: model.sha256})
            found[f"{OWN}/{model.name}"] = repository
            if model.uri:
                org, name, _ = model.uri.removeprefix("hf://").split("/", 2)
                found[f"{org}/{name}"] = repository
        for folder in sorted((self._root / "snapshots").glob("*/")):
            files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
            found[f"{OWN}/{folder.name}"] = Repository(files, {})
        return found

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _listing(self, request: web.Request) -> web.Response:
        repository = self._repository(request)
        siblings = []
        for name, path in repository.files.items():
            size, digest = path.stat().st_size, await self._digest(repository, name)
            siblings.append({"rfilename": name, "size": size, "lfs": {"sha256": digest, "size": size}})
        return web.json_response({"sha": request.match_info["revision"], "siblings": siblings})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        repository, name = self._repository(request), request.match_info["file"]
        path = repository.files.get(name)  # looked up, never joined: no path leads outside
        if path is None:
            raise web.HTTPNotFound(text=f"no file {name}")
        headers = {"X-Linked-ETag": f'"{await self._digest(repository, name)}"'}
        kind = _WholeFile if _is_stale(request, path) else web.FileResponse
        return kind(path, chunk_size=1 << 20, headers=headers)

    def _repository(self, request: web.Request) -> Repository:
        name = f"{request.match_info['org']}/{request.match_info['name']}"
        repository = self.repositories().get(name)
        if repository is None:
            raise web.HTTPNotFound(text=f"no model {name}; python -m hack.models list shows which can be fetched")
        return repository

    async def _digest(self, repository: Repository, name: str) -> str:
        if name in repository.sha256:
            return repository.sha256[name]
        path = repository.files[name]
        status = path.stat()
        key = (path, status.st_size, status.st_mtime_ns)
        if key not in self._digests:
            self._digests[key] = (await asyncio.to_thread(hash_file, path)).hexdigest()
        return self._digests[key]


class _WholeFile(web.FileResponse):
    """All of the file, whichever range was asked for."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        return await super().prepare(
            request.clone(headers={k: v for k, v in request.headers.items() if k != hdrs.RANGE})
        )


def _is_stale(request: web.Request, path: Path) -> bool:
    """Whether If-Range names another state of the file; aiohttp understands only dates there."""
    condition, status = request.headers.get(hdrs.IF_RANGE), path.stat()
    return condition is not None and condition != f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
