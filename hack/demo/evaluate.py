"""`make eval`: the golden questions through the real gateway and the real model."""

import subprocess
import sys
from pathlib import Path

from hack.demo.preflight import Preflight
from hack.demo.serving import EXAMPLE, fetch_models, served
from hack.ports import free_port
from kefu_operator.local.options import cache


def evaluate(state: Path, report: Path | None, *, enforce: bool) -> int:
    """Serve the example aside, on a free port, and evaluate it; the exit code is that of the evaluation.

    Raises:
        DemoError: something is missing or failed; the text says what to do.
    """
    port = free_port()
    Preflight().check(port, cache(), state)
    fetch_models()
    with served(state, port) as (_, instance):
        chatbot, index = instance["chatbots"][0], instance["indexes"][0]
        command = [sys.executable, "-m", "kefu_pipelines.evaluation", "--url", chatbot["url"]]
        command += ["--key-file", chatbot["key_file"], "--retrieval-url", index["url"]]
        command += ["--token-file", index["token_file"]]
        command += ["--golden", str(EXAMPLE / "golden.yaml")]
        command += ["--json", str(report)] if report else []
        command += ["--enforce"] if enforce else []
        return subprocess.run(command, check=False).returncode
