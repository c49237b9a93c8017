"""Conversations in a real Valkey, run by the very command that the operator plans, and reached as a gateway reaches it."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from kefu_api.documents.release import SessionStore
from kefu_operator.local.mounts import Contents, Mounts
from kefu_operator.local.placement import LocalPlacement
from kefu_operator.local.ports import PortBook
from kefu_operator.local.programs import resolve
from kefu_operator.plan.session_store import SessionPlan, plan_session_store
from kefu_serving.errors import SessionStoreAway
from kefu_serving.sessions.bounded import Bounded
from kefu_serving.sessions.connection import connect
from kefu_serving.sessions.cooldown import Cooldown
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.sessions.memory import Memory
from kefu_serving.sessions.redis import RedisSessions
from tests.integration.test_serving.servers import Process, eventually
from tests.unit.test_plan.objects import chatbot

ASKED = Exchange(question="耳机能退货吗？", answer="七天内可以。 Within seven days.")


class Store:
    """A managed Redis on this machine."""

    def __init__(self, state: Path) -> None:
        placement = LocalPlacement(state, state / "models", PortBook(state / "ports.json"))
        self.plan: SessionPlan = plan_session_store(chatbot(), placement)
        assert self.plan.workload is not None
        self.container = self.plan.workload.container
        secrets = {
            secret.name: {key: text.encode() for key, text in secret.contents("pa55w0rd").items()}
            for secret in self.plan.secrets
        }
        self.mounts = Mounts(state, Contents({}, secrets))
        self.mounts.prepare((*self.container.mounts, *self.plan.gateway_mounts))

    def start(self) -> Process:
        process = Process.start(list(resolve(self.container.command)))
        eventually(lambda: any("Ready to accept connections" in line for line in process.lines))
        return process


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state")


@contextmanager
def running(store: Store) -> Iterator[Process]:
    process = store.start()
    try:
        yield process
    finally:
        process.kill()


async def patiently(held: RedisSessions) -> tuple[Exchange, ...]:
    """Load; again where a busy machine needs longer than a turn would wait."""
    async with asyncio.timeout(120):
        while True:
            try:
                return await held.load("key", "one")
            except SessionStoreAway:
                await asyncio.sleep(0.2)


async def remembered(held: RedisSessions) -> set[Exchange]:
    """Append until it is known to be there."""
    async with asyncio.timeout(120):
        while True:
            try:
                await held.append("key", "one", ASKED)
            except SessionStoreAway:
                await asyncio.sleep(0.2)
            else:
                return set(await patiently(held))


@asynccontextmanager
async def sessions(target: SessionStore) -> AsyncIterator[RedisSessions]:
    client = connect(target)
    yield RedisSessions(Memory(client, "acme/shop", target.ttl_seconds, target.window, Bounded(Cooldown(0))))
    await client.aclose()


async def test_conversations_outlive_a_kill_of_the_store(store: Store) -> None:
    with running(store):
        async with sessions(store.plan.target) as held:
            await remembered(held)
    assert (Path(store.plan.workload.container.mounts[0].path) / "appendonlydir").is_dir()  # type: ignore[union-attr]
    with running(store):
        async with sessions(store.plan.target) as held:
            assert set(await patiently(held)) == {ASKED}


async def test_a_client_is_back_after_the_store_was_killed_under_it(store: Store) -> None:
    async with sessions(store.plan.target) as held:
        with running(store):
            await remembered(held)
        with pytest.raises(SessionStoreAway):
            await held.load("key", "one")
        with running(store):
            assert set(await patiently(held)) == {ASKED}


async def test_nobody_reads_conversations_without_the_password(store: Store, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("guessed")
    without = store.plan.target.model_copy(update={"password_file": None})
    guessed = store.plan.target.model_copy(update={"password_file": str(wrong)})
    with running(store):
        for target in (without, guessed):
            async with sessions(target) as held:
                with pytest.raises(SessionStoreAway):
                    await held.load("key", "one")
        # The Secret is put right, and the next connection takes it up.
        async with sessions(guessed) as held:
            with pytest.raises(SessionStoreAway):
                await held.load("key", "one")
            wrong.write_text("pa55w0rd\n")
            assert await patiently(held) == ()


def test_the_password_stands_in_no_argument(store: Store) -> None:
    with running(store) as process:
        arguments = Path(f"/proc/{process.child.pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{process.child.pid}/environ").read_bytes()
    assert b"pa55w0rd" not in arguments + environment


async def test_a_redis_behind_tls_is_reached_if_its_certificate_is_trusted(store: Store, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: apt-get install openssl")
    ours, others = _certificate(tmp_path / "ours"), _certificate(tmp_path / "others")
    inner = int(store.plan.target.url.rpartition(":")[2].partition("/")[0])
    with running(store):
        async with _tls(ours, inner) as port:
            target = store.plan.target.model_copy(
                update={"url": f"rediss://127.0.0.1:{port}/0", "ca_file": str(ours / "tls.crt")}
            )
            async with sessions(target) as held:
                assert await remembered(held) == {ASKED}
            async with sessions(target.model_copy(update={"ca_file": str(others / "tls.crt")})) as held:
                with pytest.raises(SessionStoreAway):
                    await held.load("key", "one")


def _certificate(folder: Path) -> Path:
    folder.mkdir()
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    subject = ["-subj", "/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
    subprocess.run([*command, *subject, *files], check=True, capture_output=True, timeout=60)
    return folder


@asynccontextmanager
async def _tls(certificate: Path, inner: int) -> AsyncIterator[int]:
    """Ends TLS in front of the store: the Valkey at hand is built without it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "tls.crt", certificate / "tls.key")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, before = await asyncio.open_connection("127.0.0.1", inner)
        await asyncio.gather(_pipe(reader, before), _pipe(behind, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        sink.write(data)
        await sink.drain()
    sink.close()
