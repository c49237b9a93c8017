"""Pods that are one engine: the very program that stands in front of each part, with parts that are small."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Protocol

import pytest
from hack.ports import free_port

from kefu_operator.plan.engines.together import together

PART = "import os, time; print('began', os.environ['VLLM_HOST_IP'], flush=True); time.sleep({})"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('began', flush=True); time.sleep(600)"
SECONDS = 30


class Start(Protocol):
    """Starts the pod of that number."""

    def __call__(self, rank: int, code: str = PART.format(600), version: str = "v1") -> subprocess.Popen[str]: ...


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(port: int) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def begin(rank: int, code: str = PART.format(600), version: str = "v1") -> subprocess.Popen[str]:
        engine = (sys.executable, "-u", "-c", code)
        command = together(sys.executable, 3, version, engine, port=port, end=2)
        named = {"$(LWS_LEADER_ADDRESS)": "127.0.0.1", "$(LWS_WORKER_INDEX)": str(rank)}
        words = [named.get(word, word) for word in command]
        made = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        running.append(made)
        return made

    yield begin
    for each in running:
        with suppress(ProcessLookupError):
            os.killpg(each.pid, signal.SIGKILL)
        each.communicate()


def line(pod: subprocess.Popen[str]) -> str:
    assert pod.stdout
    return pod.stdout.readline().strip()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_all_begin_when_the_last_has_come(start: Start) -> None:
    leader, worker = start(0), start(1)
    assert leader.stderr
    assert leader.stderr.readline() == "together: waiting for pod 1, 2 of the group\n"
    time.sleep(0.5)
    assert (leader.poll(), worker.poll()) == (None, None)
    last = start(2)
    assert {line(each) for each in (leader, worker, last)} == {"began 127.0.0.1"}


def test_all_end_when_one_does_and_only_that_one_tells_its_code(start: Start) -> None:
    pods = [start(0), start(1), start(2, "import time; time.sleep(1); raise SystemExit(7)")]
    assert [pod.wait(SECONDS) for pod in pods] == [1, 1, 7]
    assert pods[0].stderr
    assert "pod 2 of the group has ended" in pods[0].stderr.read()


@pytest.mark.parametrize("killed", [0, 1])
def test_a_part_that_is_killed_ends_all_the_others(start: Start, killed: int) -> None:
    pods = [start(rank) for rank in range(3)]
    for each in pods:
        line(each)
    pods[killed].kill()
    assert [pod.wait(SECONDS) for rank, pod in enumerate(pods) if rank != killed] == [1, 1]


def test_a_part_that_does_not_end_when_it_is_told_to_is_killed(start: Start) -> None:
    pods = [start(0, DEAF), start(1), start(2)]
    for each in pods:
        line(each)
    pods[1].kill()
    assert pods[0].wait(SECONDS) == 1


def test_a_group_that_has_ended_begins_anew(start: Start) -> None:
    first = [start(rank) for rank in range(3)]
    for each in first:
        line(each)
    first[2].kill()
    for each in first:
        each.wait(SECONDS)
    again = [start(rank) for rank in range(3)]
    assert {line(each) for each in again} == {"began 127.0.0.1"}


def test_a_worker_that_went_before_the_beginning_is_waited_for(start: Start) -> None:
    leader, early = start(0), start(1)
    assert leader.stderr
    until(
        lambda: leader.stderr is not None and leader.stderr.readline() == "together: waiting for pod 2 of the group\n"
    )
    early.kill()
    until(lambda: leader.stderr is not None and "pod 1, 2" in leader.stderr.readline())
    pods = [leader, start(1), start(2)]
    assert {line(each) for each in pods} == {"began 127.0.0.1"}


def test_parts_of_another_version_and_strangers_are_not_of_the_group(start: Start, port: int) -> None:
    leader, worker, other = start(0), start(1), start(2, version="v2")
    assert leader.stderr
    leader.stderr.readline()
    with closing(socket.create_connection(("127.0.0.1", port), timeout=SECONDS)) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\nHost: engine\r\n\r\n")
        assert stranger.recv(100) == b""
    time.sleep(1.5)
    assert [each.poll() for each in (leader, worker, other)] == [None, None, None]
    assert {line(each) for each in (leader, worker, start(2))} == {"began 127.0.0.1"}
    assert other.poll() is None


@pytest.mark.parametrize("rank", [0, 1])
def test_a_pod_that_is_told_to_end_before_the_beginning_does(start: Start, rank: int) -> None:
    pod = start(rank)
    assert pod.stderr
    pod.stderr.readline()
    pod.terminate()
    assert pod.wait(SECONDS) == 128 + signal.SIGTERM


def test_an_engine_is_told_to_end_as_its_pod_is(start: Start) -> None:
    pods = [start(rank) for rank in range(3)]
    for each in pods:
        line(each)
    pods[0].terminate()
    assert pods[0].wait(SECONDS) == 128 + signal.SIGTERM
