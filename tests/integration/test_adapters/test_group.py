"""The companions of a leader and of a worker: vLLM is asked when both have the files, and told apart from who only looks alike."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hack.models.mirror import Mirror
from hack.ports import free_port

from kefu_api.documents.adapters import Adapters, AdapterSource
from kefu_operator.adapters import group
from kefu_operator.adapters.cli import Companion, lead
from kefu_operator.adapters.told import EVENT, FETCHED, State, parse
from tests.integration.test_adapters.vllm import PATIENCE, FakeVllm, adapter, engine_of, until

LEADER = "engine-1-nodes-0.engine-1-nodes.acme"
POLL = 0.1


class Pod:
    """What a companion has to itself: its document and its disk."""

    def __init__(self, folder: Path) -> None:
        self.document, self.into = folder / "adapters.json", folder / "into"
        folder.mkdir()

    def want(self, **uris: str) -> None:
        """Name these adapters."""
        sources = tuple(AdapterSource(name=name, uri=uri) for name, uri in uris.items())
        self.document.with_suffix(".new").write_text(Adapters(adapters=sources).to_json())
        self.document.with_suffix(".new").replace(self.document)


class Told(Companion):
    """Keeps what it would print."""

    def __init__(self, pod: Pod, env: Mapping[str, str]) -> None:
        super().__init__(pod.document, pod.into, env)
        self.states = [State()]

    def tell(self, state: State, event: str = EVENT) -> None:
        self.states.append(state)


@pytest.fixture
def vllm() -> FakeVllm:
    return FakeVllm()


@pytest.fixture
def pods(tmp_path: Path) -> tuple[Pod, Pod]:
    """Of the leader, and of its worker."""
    return Pod(tmp_path / "leader"), Pod(tmp_path / "worker")


@asynccontextmanager
async def leading(vllm: FakeVllm, pod: Pod, *urls: str, **env: str) -> AsyncIterator[Callable[[], State]]:
    """While a leader's companion runs: what it told last."""
    companion = Told(pod, env)
    async with engine_of(vllm) as (_, url):
        running = asyncio.create_task(lead(companion, url, urls, POLL))
        try:
            yield lambda: companion.states[-1]
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


@asynccontextmanager
async def working(pod: Pod, port: int, **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """While a worker's companion runs, as the process that it is in its container."""
    command = ["--document", str(pod.document), "--into", str(pod.into)]
    command += ["--leader", LEADER, "--number", "1", "--host", "127.0.0.1", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kefu_operator.adapters", *command,
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def said(process: asyncio.subprocess.Process) -> State:
    """The next line of a worker's log."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        state = parse((await process.stdout.readline()).decode(), FETCHED)
    assert state is not None
    return state


async def answered(url: str) -> State | None:
    """What a worker says, once it answers."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE):
        while True:
            with suppress(aiohttp.ClientError):
                async with session.get(url) as response:
                    return parse(await response.text(), FETCHED)
            await asyncio.sleep(POLL)


async def test_vllm_is_asked_once_the_worker_has_the_files_and_again_after_all_began_anew(
    vllm: FakeVllm, pods: tuple[Pod, Pod], tmp_path: Path
) -> None:
    leader, worker = pods
    uri = f"file://{adapter(tmp_path / 'voice')}"
    leader.want(voice=uri)
    port = free_port()
    url = f"http://127.0.0.1:{port}{group.path_of(LEADER, 1)}"
    async with leading(vllm, leader, url) as told:
        await until(lambda: told().waits == {1})
        async with working(worker, port):
            assert await answered(url) == State(), "its document has not reached it"
            await until(lambda: told() == State(waits=frozenset({1})))
            assert not vllm.loras
            worker.want(voice=uri)
            await until(lambda: told() == State(frozenset({"voice"})))
            assert set(vllm.loras) == {"voice"}
        # The worker's pod is lost, and the engine has begun anew.
        vllm.loras.clear()
        await until(lambda: told() == State(waits=frozenset({1})))
        assert not vllm.loras
        async with working(worker, port):
            await until(lambda: told() == State(frozenset({"voice"})))
            assert set(vllm.loras) == {"voice"}


async def test_what_a_worker_cannot_fetch_the_leader_tells_with_the_reason(
    vllm: FakeVllm, pods: tuple[Pod, Pod], tmp_path: Path
) -> None:
    leader, worker = pods
    leader.want(voice=f"file://{adapter(tmp_path / 'voice')}", outlet=f"file://{adapter(tmp_path / 'outlet')}")
    worker.want(voice=f"file://{tmp_path / 'nowhere'}", outlet=f"file://{tmp_path / 'outlet'}")
    port = free_port()
    url = f"http://127.0.0.1:{port}{group.path_of(LEADER, 1)}"
    async with leading(vllm, leader, url) as told, working(worker, port) as process:
        await until(lambda: "voice" in told().failed and bool(told().loaded))
        reason, message = told().failed["voice"]
        assert reason == "ModelNotFound"
        assert told().loaded == {"outlet"}
        assert message.startswith("pod 1 of the group: ")
        assert set(vllm.loras) == {"outlet"}
        state = await said(process)
        while not (state.failed and state.loaded):
            state = await said(process)
        assert state == State(frozenset({"outlet"}), {"voice": (reason, message.removeprefix("pod 1 of the group: "))})


async def test_parts_of_two_states_of_a_source_are_not_put_together(
    vllm: FakeVllm, pods: tuple[Pod, Pod], tmp_path: Path
) -> None:
    leader, worker = pods
    shared = adapter(tmp_path / "hub" / "snapshots" / "voice")
    port = free_port()
    url = f"http://127.0.0.1:{port}{group.path_of(LEADER, 1)}"
    async with TestServer(Mirror(tmp_path / "hub", {}).app()) as hub:
        env = {"HF_ENDPOINT": str(hub.make_url("")).rstrip("/"), "KEFU_ALLOW_HTTP": "1"}
        leader.want(voice="hf://kefu-dev/voice")
        async with leading(vllm, leader, url, **env) as told:
            await until(lambda: told().waits == {1})
            (shared / "adapter_config.json").write_text('{"r": 16}')
            worker.want(voice="hf://kefu-dev/voice", again="hf://kefu-dev/voice")
            async with working(worker, port, **env):
                await until(lambda: bool(told().failed))
                reason, message = told().failed["voice"]
                assert (reason, not vllm.loras) == ("ModelChecksumMismatch", True)
                assert "pod 1 of the group has other files" in message
                assert "name a commit as its revision" in message
                # Under another name the leader fetches what the worker has.
                leader.want(again="hf://kefu-dev/voice")
                await until(lambda: told() == State(frozenset({"again"})))
                assert set(vllm.loras) == {"again"}


def answering(status: int, text: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        location = {"Location": str(request.url.with_path("/elsewhere"))} if status == 302 else {}
        there = State(frozenset({"voice"})).line(FETCHED)
        return web.Response(text=there, status=200) if request.path == "/elsewhere" else web.Response(
            text=text, status=status, headers=location
        )  # fmt: skip

    return handler


STRANGERS = {
    "a pod of another group": (404, State(frozenset({"voice"})).line(FETCHED)),
    "what is no companion": (200, "<html>voice</html>"),
    "a leader's companion": (200, State(frozenset({"voice"})).line()),
    "an answer without end": (200, State(frozenset({"voice"})).line(FETCHED) + " " * group.MAX_BYTES),
    "one that sends elsewhere": (302, ""),
}


@pytest.mark.parametrize("sentence", STRANGERS)
async def test_nobody_else_counts_as_a_worker(
    sentence: str, vllm: FakeVllm, pods: tuple[Pod, Pod], tmp_path: Path
) -> None:
    app = web.Application()
    app.router.add_get("/{path:.*}", answering(*STRANGERS[sentence]))
    pods[0].want(voice=f"file://{adapter(tmp_path / 'voice')}")
    async with TestServer(app) as server, leading(vllm, pods[0], str(server.make_url("/worker"))) as told:
        await until(lambda: told().waits == {1})
        assert not vllm.loras


async def test_a_worker_answers_one_question_of_its_own_group(pods: tuple[Pod, Pod], tmp_path: Path) -> None:
    _, worker = pods
    worker.want(voice=f"file://{adapter(tmp_path / 'voice')}")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    async with working(worker, port) as process, aiohttp.ClientSession() as session:
        while not (await said(process)).loaded:
            pass
        async with session.get(base + group.path_of(LEADER, 1)) as answer:
            assert parse(await answer.text(), FETCHED) == State(frozenset({"voice"}), contents={"voice": ""})
        for path in (group.path_of(LEADER, 2), group.path_of("engine-2-nodes-0.engine-2-nodes.acme", 1), "/"):
            async with session.get(base + path) as answer:
                assert answer.status == 404
        async with session.post(base + group.path_of(LEADER, 1), data="x" * 2**20) as answer:
            assert answer.status == 405
