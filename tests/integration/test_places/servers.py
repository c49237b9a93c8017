"""Real servers for tests: versitygw (S3), git's own HTTP backend, PostgreSQL and MariaDB; each on a free port of loopback."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest
from aiohttp import web
from hack.cluster.cache import binaries
from hack.ports import free_port, listens

from tests.integration.loopback import served

READY_SECONDS = 120.0
GIT_BACKEND = Path("/usr/lib/git-core/git-http-backend")


@contextmanager
def running(command: list[str], port: int, user: str | None = None) -> Iterator[None]:
    """A server process until the context ends; ready when it listens."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, user=user, cwd="/")
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not listens(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise AssertionError(f"{command[0]} did not start:\n{log.read().decode()[-3000:]}")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            if process.poll() is None:
                process.kill()
                process.wait()


@contextmanager
def folder_of(user: str | None) -> Iterator[Path]:
    """A folder that `user`'s server may write and reach."""
    folder = Path(tempfile.mkdtemp(prefix="kefu-places-"))
    try:
        if user:
            shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Bucket:
    """A bucket of a running S3 server, written to with curl's own signatures."""

    endpoint: str
    name: str
    access: str = "reader"
    secret: str = "s3cr3t/with+signs"

    def put(self, key: str, content: bytes, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        """Store an object; `key` is encoded as in a URL."""
        more = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        self._curl(f"/{self.name}/{key}", "-X", "PUT", "--data-binary", "@-", *more, content=content)

    def delete(self, key: str) -> None:
        """Remove an object."""
        self._curl(f"/{self.name}/{key}", "-X", "DELETE")

    def create(self) -> None:
        """Make the bucket."""
        self._curl(f"/{self.name}", "-X", "PUT")

    def _curl(self, path: str, *arguments: str, content: bytes = b"") -> None:
        keys = [
            "--aws-sigv4",
            "aws:amz:us-east-1:s3",
            "--user",
            f"{self.access}:{self.secret}",
            "-H",
            "x-amz-content-sha256: UNSIGNED-PAYLOAD",
        ]
        command = ["curl", "--silent", "--show-error", "--fail", *keys, *arguments, f"{self.endpoint}{path}"]
        done = subprocess.run(command, input=content, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


@contextmanager
def s3_server() -> Iterator[Bucket]:
    """versitygw over a folder, with one empty bucket."""
    program = binaries() / "versitygw"
    if not program.exists():
        pytest.skip("versitygw is not built: python -m hack.cluster build --only versitygw")
    if shutil.which("curl") is None:
        pytest.skip("curl is not on PATH")
    port = free_port()
    bucket = Bucket(f"http://127.0.0.1:{port}", "docs")
    keys = ["--access", bucket.access, "--secret", bucket.secret]
    with folder_of(None) as folder:
        data, meta = folder / "data", folder / "meta"
        data.mkdir()
        meta.mkdir()
        command = [
            str(program),
            "--quiet",
            "--port",
            f"127.0.0.1:{port}",
            *keys,
            "posix",
            "--sidecar",
            str(meta),
            str(data),
        ]
        with running(command, port):
            bucket.create()
            yield bucket


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of its own, and the address of its database `shop`."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    programs = found[-1].parent
    user = "postgres" if os.geteuid() == 0 else None
    port = free_port()
    with folder_of(user) as folder:
        data, password = folder / "data", folder / "password"
        password.write_text("pa55word")
        password.chmod(0o644)
        name = pwd.getpwuid(os.geteuid()).pw_name if user is None else user
        make = ["initdb", "-D", str(data), "-U", "shop", "-A", "scram-sha-256", "--pwfile", str(password), "-E", "UTF8"]
        done = subprocess.run(
            [str(programs / make[0]), *make[1:], "--locale=C.UTF-8"],
            user=user,
            capture_output=True,
            check=False,
            cwd="/",
        )
        assert done.returncode == 0, f"initdb as {name}: {done.stderr.decode()}"
        settings = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        with running([str(programs / "postgres"), "-D", str(data), "-p", str(port), *settings], port, user):
            yield f"postgresql://shop:pa55word@127.0.0.1:{port}/postgres"


@contextmanager
def mariadb() -> Iterator[tuple[str, Callable[[str], None]]]:
    """A MariaDB of its own: the address of its database `shop`, and how to run a statement as root."""
    if shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin") is None or shutil.which("mariadb") is None:
        pytest.skip("MariaDB is not installed: apt-get install mariadb-server-core mariadb-client-core")
    user = "nobody" if os.geteuid() == 0 else None
    port = free_port()
    with folder_of(user) as folder:
        data, sock = folder / "data", folder / "sock"
        common = ["--no-defaults", f"--datadir={data}"]
        make = ["mariadb-install-db", *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
        done = subprocess.run(make, user=user, capture_output=True, check=False, cwd="/")
        assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
        server = [
            "/usr/sbin/mariadbd",
            *common,
            f"--socket={sock}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--pid-file={folder}/pid",
        ]

        def sql(statement: str) -> None:
            client = ["mariadb", "--no-defaults", "-uroot", f"--socket={sock}", "--default-character-set=utf8mb4"]
            done = subprocess.run(client, input=statement.encode(), capture_output=True, check=False)
            assert done.returncode == 0, done.stderr.decode()

        with running(server, port, user):
            sql("CREATE DATABASE shop CHARACTER SET utf8mb4")
            sql("CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'pa55word'; GRANT SELECT ON shop.* TO reader@'127.0.0.1'")
            yield f"mysql://reader:pa55word@127.0.0.1:{port}/shop", sql


class Repository:
    """A bare repository, written through a work tree beside it."""

    def __init__(self, folder: Path) -> None:
        if not GIT_BACKEND.exists():
            pytest.skip("git is not installed: apt-get install git")
        self.bare = folder / "shop.git"
        self.tree = folder / "tree"
        folder.mkdir(parents=True, exist_ok=True)
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self.bare), cwd=folder)
        self._git("config", "http.uploadpack", "true", cwd=self.bare)
        self._git("config", "uploadpack.allowReachableSHA1InWant", "true", cwd=self.bare)
        self._git("clone", "--quiet", str(self.bare), str(self.tree), cwd=folder)
        self._git("checkout", "--quiet", "-B", "main")

    def commit(self, files: dict[str, str | None], tag: str | None = None) -> str:
        """Write (None: remove) files, commit and push; the commit's id."""
        for name, text in files.items():
            path = self.tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text)
        return self.push(tag)

    def push(self, tag: str | None = None) -> str:
        """Commit what lies in the work tree, and push it."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "-m", "Change")
        if tag:
            self._git("tag", "-a", tag, "-m", tag)
        self._git("push", "--quiet", "--force", "--follow-tags", "origin", "HEAD")
        return self._git("rev-parse", "HEAD").strip()

    def branch(self, name: str) -> None:
        """Go on in another branch."""
        self._git("checkout", "--quiet", "-B", name)

    def _git(self, *arguments: str, cwd: Path | None = None) -> str:
        environment = os.environ | {
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
            "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com",
            "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.com",
        }  # fmt: skip
        done = subprocess.run(
            ["git", *arguments], cwd=cwd or self.tree, env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


class GitServer:
    """git-http-backend behind aiohttp, which counts what it sends."""

    def __init__(self, root: Path, credentials: str | None) -> None:
        self._root = root
        self._credentials = credentials
        self.url = ""
        self.requests: list[str] = []
        self.bytes_sent = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request, as CGI (RFC 3875)."""
        self.requests.append(f"{request.method} {request.path_qs}")
        if self._credentials and request.headers.get("Authorization") != self._credentials:
            return web.Response(status=401, headers={"WWW-Authenticate": "Basic realm=git"})
        environment = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self._root), "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
            "PATH_INFO": request.path, "QUERY_STRING": request.query_string, "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            str(GIT_BACKEND), env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        told, _ = await process.communicate(await request.read())
        head, _, body = told.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.bytes_sent += len(body)
        return web.Response(status=int(headers.pop("Status", "200 OK").split()[0]), headers=headers, body=body)


@asynccontextmanager
async def git_server(root: Path, credentials: str | None = None) -> AsyncIterator[GitServer]:
    """Serve the repositories below `root`; `credentials`: the Authorization header that is wanted."""
    server = GitServer(root, credentials)
    application = web.Application(client_max_size=64 * 1024**2)
    application.router.add_route("*", "/{path:.*}", server.answer)
    async with served(application) as server.url:
        yield server
