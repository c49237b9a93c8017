"""The questions of the demo, asked one after the other through a gateway."""

import time
from collections.abc import Sequence

from hack.demo.errors import DemoError
from kefu_api.wire.chat import ChatResponse, Outcome
from kefu_operator.cli.commands.chat import Conversation
from kefu_operator.cli.errors import AskFailed, CliError
from kefu_operator.cli.gateway import Gateway
from kefu_operator.cli.output import Output

QUESTIONS: Sequence[tuple[str, Outcome]] = (
    ("收到货后几天内可以退货？", Outcome.ANSWERED),
    ("How much is gift wrapping?", Outcome.ANSWERED),
    ("Do you have a shop in Munich that I can visit?", Outcome.UNKNOWN),
)
"""Two that the shop's documents answer, and one that they do not."""
TRIES = 4


class NotAsExpected(DemoError):
    """The bot answered otherwise than the example promises."""


def ask(gateway: Gateway) -> None:
    """Ask, print what is answered, and hold it against what the example promises.

    Raises:
        NotAsExpected: a question was answered otherwise, or not at all.
    """
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
