"""`kefu run` from its options to its end: the loop, the signals and what is printed around a session."""

import asyncio
import os
import shlex
import signal
from collections.abc import Mapping
from pathlib import Path

from kefu_operator.local.bundle import load, name_of, signature
from kefu_operator.local.console import Console
from kefu_operator.local.errors import LocalError
from kefu_operator.local.instance import STATES
from kefu_operator.local.options import RunOptions
from kefu_operator.local.plan import LocalPlan
from kefu_operator.local.ports import demand
from kefu_operator.local.session import Session
from kefu_operator.local.state import StateFolder

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(options: RunOptions, console: Console, environment: Mapping[str, str] = os.environ) -> None:
    """Serve the files until SIGINT, SIGTERM or SIGHUP.

    Raises:
        LocalError: they cannot be served; the text says why and what to do.
    """
    seen = signature(options.paths)
    bundle = load(options.paths)
    folder = options.state or STATES / name_of(bundle)
    with StateFolder(folder) as state:
        if bundle.chatbots:
            demand(options.host, options.port)
        console.print(f"kefu: serving {', '.join(map(str, options.paths))} (state in {folder})")
        asyncio.run(_serve(Session(options, bundle, seen, state, console, environment), console, folder))
    console.print(f"stopped; nothing is left running, and the state is kept in {folder}")


async def _serve(session: Session, console: Console, folder: Path) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[LocalPlan] = loop.create_future()
    ready.add_done_callback(lambda done: None if done.cancelled() else _announce(done.result(), console, folder))
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, session.stop)
    try:
        await session.run(ready)
    finally:
        ready.cancel()


def _announce(plan: LocalPlan, console: Console, folder: Path) -> None:
    console.print()
    for chatbot in plan.chatbots:
        try:
            key = Path(chatbot.key_file).read_text().strip()
        except OSError as error:
            raise LocalError(f"the API key of {chatbot.name} cannot be read: {error}") from error
        authorization = f'"Authorization: Bearer $(cat {shlex.quote(_short(chatbot.key_file))})"'
        console.print(f"  {chatbot.name}")
        console.print(f"    Chat page   {chatbot.url}/#key={key}")
        console.print(f"    Ask         kefu chat --state {shlex.quote(str(folder))}")
        console.print(f'    Ask         curl -H {authorization} {chatbot.url}/v1/chat -d \'{{"message": "你好"}}\'')
        if chatbot.desk_key_file:
            clerk = f'"Authorization: Bearer $(cat {shlex.quote(_short(chatbot.desk_key_file))})"'
            console.print(f"    Take over   curl -H {clerk} {chatbot.url}/v1/handoffs")
    for index in plan.indexes:
        console.print(f"  {index.name}: kefu search --index {index.name} --state {shlex.quote(str(folder))} QUESTION")
    for taking in plan.pushing:
        console.print(f"  {taking.index}: push to {taking.url}, signed with the key in {_short(taking.key_file)}")
    console.print(f"  Logs          {folder}/logs/")
    console.print("  Edit a file   changes are taken over while it runs")
    console.print("  Stop          Ctrl-C")
    console.print()


def _short(path: str) -> str:
    relative = os.path.relpath(path)
    return relative if len(relative) < len(path) else path
