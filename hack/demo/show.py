"""The demo itself: serve, ask three questions, say how to go on."""

import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from hack.demo.ask import ask
from hack.demo.preflight import Preflight
from hack.demo.serving import fetch_models, served
from kefu_operator.cli.gateway import Gateway
from kefu_operator.local.options import cache


def show(state: Path, port: int, *, keep: bool) -> int:
    """Run the demo; with `keep` until Ctrl-C.

    Raises:
        DemoError: something is missing or failed; the text says what to do.
    """
    began = time.monotonic()
    signal.signal(signal.SIGTERM, _interrupt)
    Preflight().check(port, cache(), state)
    fetch_models()
    with served(state, port) as (child, instance):
        chatbot = instance["chatbots"][0]
        ask(Gateway(chatbot["url"], Path(chatbot["key_file"]).read_text().strip()))
        _say(f"\nthree answers after {time.monotonic() - began:.1f} s")
        if keep:
            _wait(child, instance)
    return 0


def _wait(child: subprocess.Popen[bytes], instance: Mapping[str, Any]) -> None:
    chatbot = instance["chatbots"][0]
    key = Path(chatbot["key_file"]).read_text().strip()
    _say(f"\nThe chat page is {chatbot['url']}/#key={key}\nCtrl-C stops everything.")
    try:
        child.wait()
    except KeyboardInterrupt:
        return


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, flush=True)
