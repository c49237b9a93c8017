"""Draining: the very program that a pod runs, against figures that change."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kefu_operator.plan.engines.drain import drain
from kefu_operator.plan.engines.vllm import BUSY


class Figures:
    """An engine's /metrics, as vLLM writes it."""

    def __init__(self, *running: int) -> None:
        self.running, self.asked = list(running), 0

    def text(self) -> str:
        self.asked += 1
        now = self.running.pop(0) if len(self.running) > 1 else self.running[0]
        return (
            "# HELP vllm:num_requests_running Number of requests in model execution batches.\n"
            "# TYPE vllm:num_requests_running gauge\n"
            f'vllm:num_requests_running{{engine="0",model_name="chat"}} {now}.0\n'
            'vllm:num_requests_waiting{engine="0",model_name="chat"} 0.0\n'
            'vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 7.0\n'
            'vllm:kv_cache_usage_perc{engine="0"} 0.5\n'
        )


@contextmanager
def serving(figures: Figures) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/metrics" else 404)
            self.end_headers()
            self.wfile.write(figures.text().encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


def run(port: int, seconds: float = 60) -> float:
    command = drain(sys.executable, port, *BUSY, settle=0, seconds=seconds)
    began = time.monotonic()
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began


def test_a_pod_that_answers_somebody_is_waited_for() -> None:
    figures = Figures(2, 1, 0)
    with serving(figures) as port:
        run(port)
    assert figures.asked == 3


def test_an_idle_pod_is_asked_once() -> None:
    figures = Figures(0)
    with serving(figures) as port:
        run(port)
    assert figures.asked == 1


def test_a_pod_that_never_rests_is_not_waited_for_for_ever() -> None:
    figures = Figures(3)
    with serving(figures) as port:
        assert run(port, seconds=2) >= 2


def test_an_engine_that_is_gone_has_nothing_to_finish() -> None:
    with serving(Figures(1)) as port:
        pass
    run(port)


def test_a_worker_waits_for_its_leader_whose_name_a_variable_tells() -> None:
    figures = Figures(2, 1, 0)
    with serving(figures) as port:
        command = drain(sys.executable, port, *BUSY, settle=0, host="$LWS_LEADER_ADDRESS")
        env = {"LWS_LEADER_ADDRESS": "127.0.0.1"}
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=env)
    assert (done.returncode, figures.asked) == (0, 3), done.stderr
