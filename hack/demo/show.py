"""The demo itself: serve, ask three questions, say how to go on."""

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from hack.demo.errors import DemoError
from hack.demo.preflight import Preflight
from hack.demo.serving import fetch_models, served
from kefu_api.wire.chat import ChatResponse, Outcome
from kefu_operator.cli.commands.chat import Conversation
from kefu_operator.cli.errors import AskFailed, CliError
from kefu_operator.cli.gateway import Gateway
from kefu_operator.cli.output import Output
from kefu_operator.local.options import cache

QUESTIONS: Sequence[tuple[str, Outcome]] = (
    ("收到货后几天内可以退货？", Outcome.ANSWERED),
    ("How much is gift wrapping?", Outcome.ANSWERED),
    ("Do you have a shop in Munich that I can visit?", Outcome.UNKNOWN),
)
"""Two that the shop's documents answer, and one that they do not."""
TRIES = 4


class NotAsExpected(DemoError):
    """The bot answered otherwise than the example promises."""


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
        _ask(instance)
        _say(f"\nthree answers after {time.monotonic() - began:.1f} s")
        if keep:
            _wait(child, instance)
    return 0


def _ask(instance: Mapping[str, Any]) -> None:
    chatbot = instance["chatbots"][0]
    gateway = Gateway(chatbot["url"], Path(chatbot["key_file"]).read_text().strip())
    output = Output()
    for question, expected in QUESTIONS:
        output.print(f"\n{output.paint('?', 'bold')} {question}")
        turn = _patiently(gateway, output, question)
        if turn.outcome is not expected:
            raise NotAsExpected(f"expected {expected}, got {turn.outcome}: see the logs")


def _patiently(gateway: Gateway, output: Output, question: str) -> ChatResponse:
    """Ask, and ask again while something is only too slow: a busy machine may need longer than an answer's budget."""
    problem = "no answer"
    for _ in range(TRIES):
        try:
            turn = Conversation(gateway, output).ask(question)
        except AskFailed as error:
            problem = str(error)
        except CliError as error:
            raise NotAsExpected(f"the question could not be asked: {error}") from error
        else:
            if turn and turn.outcome is not Outcome.UNAVAILABLE:
                return turn
            problem = f"unavailable ({turn.code})" if turn else problem
        output.print(output.paint(f"{problem}; asking again", "dim"))
        time.sleep(1)
    raise NotAsExpected(f"there was no answer in {TRIES} tries: {problem}")


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
