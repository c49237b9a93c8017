"""`kefu chat`: ask a chatbot, once or in a conversation."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from kefu_api.wire.chat import ChatDelta, ChatResponse, ChatStart, Outcome
from kefu_operator.cli.errors import CliError, NotFound, Unreachable
from kefu_operator.cli.gateway import Gateway, as_json
from kefu_operator.cli.output import Output
from kefu_operator.cli.parsing import subcommand
from kefu_operator.local.errors import NoInstance
from kefu_operator.local.instance import find

KEY_VARIABLE = "KEFU_API_KEY"

EXAMPLES = """\
  kefu chat                                  a conversation with what runs here
  kefu chat "How long do I have to return?"  one question
  kefu chat --url https://bot.example.com --key-file key.txt "Hello"

The key is read from a file or from $KEFU_API_KEY, never from the command line, where others could see it.
"""


def register(commands: Any, summary: str) -> None:
    """Add the subcommand."""
    parser = subcommand(commands, "chat", summary, EXAMPLES, handle)
    parser.add_argument("question", nargs="?", help="one question; without it, a conversation until Ctrl-D")
    parser.add_argument("--url", help="base URL of a gateway (default: what `kefu run` serves here)")
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE", help=f"file with the API key (default ${KEY_VARIABLE})"
    )
    parser.add_argument("--session", metavar="ID", help="continue this conversation")
    parser.add_argument("--chatbot", metavar="NAME", help="which chatbot, where several run here (default: the first)")
    parser.add_argument("--state", type=Path, metavar="DIR", help="state folder of the `kefu run` to ask")
    parser.add_argument("--output", choices=["text", "json"], default="text", help="json: the whole turn, not streamed")


def handle(arguments: argparse.Namespace) -> int:
    """Ask.

    Raises:
        CliError: there is nothing to ask, or it refused.
    """
    gateway = _gateway(arguments)
    conversation = Conversation(gateway, Output(), session=arguments.session, json=arguments.output == "json")
    if arguments.question is not None:
        conversation.ask(arguments.question)
        return 0
    return conversation.run()


class Conversation:
    """Turns with one gateway, printed."""

    def __init__(self, gateway: Gateway, output: Output, *, session: str | None = None, json: bool = False) -> None:
        self._gateway = gateway
        self._output = output
        self._session = session
        self._json = json

    def ask(self, question: str) -> ChatResponse | None:
        """One turn; the answer is printed as it comes."""
        turn: ChatResponse | None = None
        said = ""
        for event in self._gateway.ask(question, self._session):
            if isinstance(event, ChatStart):
                self._session = event.session
            elif isinstance(event, ChatDelta) and not self._json:
                said += event.text
                self._output.print(event.text, end="")
            elif isinstance(event, ChatResponse):
                turn = event
        if turn:
            self._show(turn, said)
        return turn

    def run(self) -> int:
        """Ask what is typed, until the end of input."""
        while True:
            try:
                question = input("> " if sys.stdin.isatty() else "").strip()
            except EOFError:
                return 0
            if question:
                self._ask_patiently(question)

    def _ask_patiently(self, question: str) -> None:
        """A failed or interrupted turn ends the turn, not the conversation."""
        try:
            self.ask(question)
        except Unreachable:
            raise
        except CliError as error:
            self._output.print(f"\n{self._output.paint(str(error), 'red')}")
        except KeyboardInterrupt:
            self._output.print(f"\n{self._output.paint('interrupted', 'dim')}")

    def _show(self, turn: ChatResponse, said: str) -> None:
        if self._json:
            self._output.print(as_json(turn))
            return
        self._output.print(turn.answer if not said else "")
        for citation in turn.citations:
            self._output.print(
                self._output.paint(f"  [{citation.number}] {citation.title} · {citation.document}", "dim")
            )
        if turn.outcome is not Outcome.ANSWERED:
            why = turn.code or (turn.action.reason if turn.action else None)
            self._output.print(
                self._output.paint(f"  {turn.outcome} ({why})" if why else f"  {turn.outcome}", "yellow")
            )


def _gateway(arguments: argparse.Namespace) -> Gateway:
    if arguments.url:
        return Gateway(arguments.url, _key(arguments.key_file))
    try:
        chatbot = find(arguments.state).chatbot(arguments.chatbot)
    except NoInstance as error:
        raise Unreachable(f"{error}, or name a gateway with --url") from error
    return Gateway(chatbot["url"], _read(arguments.key_file or Path(chatbot["key_file"])))


def _key(file: Path | None) -> str:
    if file:
        return _read(file)
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        raise NotFound(f"there is no API key: set ${KEY_VARIABLE}, or name a file with --key-file")
    return key


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"the API key cannot be read from {file}: {error}") from error
