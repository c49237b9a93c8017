"""`kefu rollout`: how a chatbot's releases come to its customers."""

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kefu_operator.cli.output import Output
from kefu_operator.cli.parsing import subcommand
from kefu_operator.cli.rollout import show, view
from kefu_operator.exits import FAILED, OK

if TYPE_CHECKING:
    from kefu_operator.cli.rollout.cluster import Chatbots

EXAMPLES = """\
  kefu rollout status shop       which release serves whom, and what was measured
  kefu rollout history shop      every release that is kept, and what it changed
  kefu rollout pause shop        leave the new release's share as it is
  kefu rollout resume shop       go on, with the step from its beginning
  kefu rollout promote shop      to all customers, as fast as its engine's pods come
  kefu rollout abort shop        back to the stable release
  kefu rollout retry shop        a release that was rolled back or aborted, from its first step
  kefu rollout undo shop         put the release before back into the spec, for all customers at once

It works on the current namespace of the cluster; `kefu run` serves each release at once.
"""

Act = Callable[["Chatbots", argparse.Namespace, Output], int]


def register(commands: Any, summary: str) -> None:
    """Add the subcommand."""
    parser = subcommand(commands, "rollout", summary, EXAMPLES, handle)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, told, act in (
        ("status", "show which release serves whom", status),
        ("history", "list the releases that are kept", history),
        ("pause", "leave the new release's share as it is", pause),
        ("resume", "go on with a rollout that is paused", resume),
        ("promote", "give all customers to the new release", promote),
        ("abort", "give all customers back to the stable release", abort),
        ("retry", "begin anew with a release that was rolled back or aborted", retry),
        ("undo", "go back to an earlier release", undo),
    ):
        added = actions.add_parser(name, help=told, description=f"{told.capitalize()}.")
        added.add_argument("chatbot", nargs="?", help="name of the ChatbotDeployment (default: the only one)")
        added.add_argument("--namespace", "-n", metavar="NAME", help="namespace (default: the context's)")
        added.add_argument("--context", metavar="NAME", help="context of the kubeconfig (default: the current one)")
        added.set_defaults(act=act)
        if name in ("status", "history"):
            added.add_argument("--output", "-o", choices=["text", "json"], default="text")
        if name == "undo":
            added.add_argument("--to", metavar="RELEASE", help="which one, such as r3 (default: the one before)")
            added.add_argument("--gradually", action="store_true", help="by the steps of spec.rollout, not at once")


def handle(arguments: argparse.Namespace) -> int:
    """Run one action.

    Raises:
        CliError: there is nothing to work on, or it was refused.
    """
    from kefu_operator.cli.rollout.cluster import Chatbots

    act: Act = arguments.act
    return act(Chatbots(arguments.namespace, arguments.context), arguments, Output())


def status(chatbots: "Chatbots", arguments: argparse.Namespace, output: Output) -> int:
    """Show it; 1 where the spec's release was rejected."""
    found = chatbots.chosen(arguments.chatbot)
    if arguments.output == "json":
        output.print(json.dumps(show.as_value(found), ensure_ascii=False, indent=2))
    else:
        show.status(found, output)
    return FAILED if found.releases.rejected else OK


def history(chatbots: "Chatbots", arguments: argparse.Namespace, output: Output) -> int:
    """List them."""
    found = chatbots.chosen(arguments.chatbot)
    if arguments.output == "json":
        output.print(json.dumps(show.as_value(found)["kept"], ensure_ascii=False, indent=2))
    else:
        show.history(found, output)
    return OK


def pause(chatbots: "Chatbots", arguments: argparse.Namespace, output: Output) -> int:
    """Hold it."""
    found = chatbots.chosen(arguments.chatbot)
    chatbots.change(found, view.paused(found, True))
    output.print(f"{found.name}: paused; what fails is rolled back all the same")
    return OK


def resume(chatbots: "Chatbots", arguments: argparse.Namespace, output: Output) -> int:
    """Let it go on."""
    found = chatbots.chosen(arguments.chatbot)
    chatbots.change(found, view.paused(found, False))
    output.print(f"{found.name}: goes on")
    return OK


def promote(chatbots: "Chatbots", arguments: argparse.Namespace, output: Output) -> int:
    """To all customers."""
    found = chatbots.chosen(arguments.chatbot)
    chatbots.change(found, view.decided(found, "Promote"))
    output.print(f"{found.name}: release {found.on_its_way} goes to all customers")
    return OK


def abort(chatbots: "Chatbots", arguments: argparse.Namespace, output: Output) -> int:
    """To none."""
    found = chatbots.chosen(arguments.chatbot)
    chatbots.change(found, view.decided(found, "Abort"))
    output.print(
        f"{found.name}: release {found.on_its_way} goes to nobody; {found.releases.stable} serves all customers"
    )
    return OK


def retry(chatbots: "Chatbots", arguments: argparse.Namespace, output: Output) -> int:
    """Once more."""
    found = chatbots.chosen(arguments.chatbot)
    chatbots.change(found, view.retried(found))
    output.print(f"{found.name}: release {found.on_its_way} begins anew with its first step")
    return OK


def undo(chatbots: "Chatbots", arguments: argparse.Namespace, output: Output) -> int:
    """To an earlier one."""
    found = chatbots.chosen(arguments.chatbot)
    spec, release = view.undone(found, arguments.to, gradually=arguments.gradually)
    chatbots.change(found, spec)
    output.print(f"{found.name}: the spec is that of release {release} again")
    return OK
