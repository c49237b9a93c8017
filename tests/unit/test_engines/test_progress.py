"""Telling hanging from working: the very program that a pod runs, against an engine's answers."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kefu_operator.plan.engines.progress import alive
from kefu_operator.plan.engines.vllm import BUSY, STEPS


class Engine:
    """What it answers."""

    def __init__(self) -> None:
        self.health, self.metrics, self.running, self.steps = 200, 200, 1, 10

    def answer(self, path: str) -> tuple[int, str]:
        if path == "/health":
            return self.health, ""
        return self.metrics, (
            f'vllm:num_requests_running{{engine="0"}} {self.running}.0\n'
            f'vllm:iteration_tokens_total_bucket{{engine="0",le="1.0"}} {time.monotonic_ns()}.0\n'
            f'vllm:iteration_tokens_total_count{{engine="0"}} {self.steps}.0\n'
        )


@pytest.fixture
def engine() -> Iterator[tuple[Engine, int]]:
    answers = Engine()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = answers.answer(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield answers, int(server.server_address[1])
    server.shutdown()
    server.server_close()


def asked(port: int, folder: Path, seconds: float = 0) -> str:
    """What the probe says; empty: it lives."""
    command = list(alive(sys.executable, port, BUSY, STEPS, seconds))
    command[4] = str(folder / "progress.json")
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def test_work_without_a_step_is_hanging(engine: tuple[Engine, int], tmp_path: Path) -> None:
    _, port = engine
    assert asked(port, tmp_path) == "", "nothing is known yet"
    assert "while requests run" in asked(port, tmp_path)
    assert asked(port, tmp_path, seconds=300) == "", "a step may take its time"


def test_a_step_is_life_and_so_is_having_nothing_to_do(engine: tuple[Engine, int], tmp_path: Path) -> None:
    answers, port = engine
    for steps in (10, 11, 3):
        answers.steps = steps
        assert asked(port, tmp_path) == "", "counters begin anew with their process"
    answers.running = 0
    assert [asked(port, tmp_path), asked(port, tmp_path)] == ["", ""]


def test_figures_that_do_not_come_are_no_step(engine: tuple[Engine, int], tmp_path: Path) -> None:
    answers, port = engine
    assert asked(port, tmp_path) == ""
    answers.metrics = 503
    assert asked(port, tmp_path, seconds=300) == ""
    assert "while requests run" in asked(port, tmp_path)


def test_a_web_server_that_is_not_well_is_told_at_once(engine: tuple[Engine, int], tmp_path: Path) -> None:
    answers, port = engine
    answers.health = 503
    assert "503" in asked(port, tmp_path, seconds=300)


def test_an_engine_without_figures_is_judged_by_its_health(engine: tuple[Engine, int], tmp_path: Path) -> None:
    answers, port = engine
    answers.answer = lambda path: (200, "")  # type: ignore[method-assign]
    assert [asked(port, tmp_path), asked(port, tmp_path)] == ["", ""]
