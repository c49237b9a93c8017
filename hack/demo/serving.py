"""`kefu run examples/shop` as a child of the demo, until the demo is done with it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hack.demo.errors import StepFailed
from kefu_operator.local.leash import die_with
from kefu_operator.local.state import INSTANCE

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "examples" / "shop"
MODELS = ("qwen2.5-coder-1.5b", "encoder")
GRACE = 30


def fetch_models() -> None:
    """Bring the models to the store; costs nothing when they are there.

    Raises:
        StepFailed: they could not be fetched; the fetcher has said why.
    """
    done = subprocess.run([sys.executable, "-m", "hack.models", "fetch", *MODELS], check=False)
    if done.returncode:
        raise StepFailed("the models could not be fetched; see above", done.returncode)


@contextmanager
def served(state: Path, port: int) -> Iterator[tuple[subprocess.Popen[bytes], Mapping[str, Any]]]:
    """The running instance and what it says of itself, once everything answers; stopped on leaving.

    Raises:
        StepFailed: it did not start; it has said why.
    """
    command = [sys.executable, "-m", "kefu_operator.cli", "run", str(EXAMPLE)]
    child = subprocess.Popen(
        [*command, "--port", str(port), "--state", str(state)],
        preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - nothing may outlive the demo
    )
    try:
        yield child, _ready(child, state)
    finally:
        _stop(child)


def _ready(child: subprocess.Popen[bytes], state: Path) -> Mapping[str, Any]:
    while True:
        code = child.poll()
        if code is not None:
            raise StepFailed("the example could not be served; see above", code)
        try:
            found: dict[str, Any] = json.loads((state / INSTANCE).read_text())
        except (OSError, ValueError):
            found = {}
        if found.get("ready") and found.get("pid") == child.pid:
            return found
        time.sleep(0.1)


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
