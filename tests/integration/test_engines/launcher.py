"""The llama.cpp launcher over a small model, for as long as a test needs it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hack.models.errors import NotFetched
from hack.models.table import load_table, models_root
from hack.ports import free_port


class Engine:
    """A running launcher."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process, self.url = process, url
        self.lines: list[dict[str, Any]] = []

    def wait_ready(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(json.loads(line))
            if self.lines[-1]["message"] == "ready":
                return
        raise AssertionError(self.lines)


@contextmanager
def launched(*options: str, named: str = "qwen2.5-coder-0.5b") -> Iterator[Engine]:
    """A launcher with these options beside model and port, ready; skips the test where the model is not fetched."""
    try:
        model = load_table()[named].require(models_root())
    except NotFetched as missing:
        pytest.skip(str(missing))
    port = free_port()
    command = [sys.executable, "-m", "kefu_serving.engines.llamacpp", "--model", str(model), "--port", str(port)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        engine = Engine(process, f"http://127.0.0.1:{port}")
        try:
            engine.wait_ready()
            yield engine
        finally:
            process.terminate()
            process.wait(timeout=60)
