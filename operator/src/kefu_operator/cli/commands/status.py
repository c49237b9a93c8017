"""`kefu status`: how chatbots are, in this folder's local instance or in the cluster."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kefu_operator.cli.errors import NotFound
from kefu_operator.cli.output import Output
from kefu_operator.cli.parsing import subcommand
from kefu_operator.cli.status.conditions import chatbot_node, index_node
from kefu_operator.cli.status.local import nodes as local_nodes
from kefu_operator.cli.tree import STYLES, Mark, Node, lines
from kefu_operator.exits import FAILED, OK
from kefu_operator.local.errors import NoInstance
from kefu_operator.local.instance import Instance, find

EXAMPLES = """\
  kefu status                     what `kefu run` serves here, else the current namespace of the cluster
  kefu status shop -n acme        one chatbot of the cluster
  kefu status --state .kefu/shop  one local instance

The exit code is 0 when everything is ready, else 1.
"""


def register(commands: Any, summary: str) -> None:
    """Add the subcommand."""
    parser = subcommand(commands, "status", summary, EXAMPLES, handle)
    parser.add_argument("chatbot", nargs="?", help="one chatbot of the cluster (default: all)")
    parser.add_argument("--state", type=Path, metavar="DIR", help="state folder of a `kefu run`")
    parser.add_argument("--cluster", action="store_true", help="look at the cluster even if something runs here")
    parser.add_argument("--namespace", "-n", metavar="NAME", help="namespace of the cluster (default: the context's)")
    parser.add_argument("--context", metavar="NAME", help="context of the kubeconfig (default: the current one)")
    parser.add_argument("--output", choices=["text", "json"], default="text")


def handle(arguments: argparse.Namespace) -> int:
    """Print the tree; 1 when something is not ready.

    Raises:
        CliError: there is nothing to look at.
    """
    instance = _instance(arguments)
    if instance:
        return show(local_nodes(instance), instance.content, arguments.output, Output())
    # Imported here: the client takes a second to import, and local mode must not wait for it.
    from kefu_operator.cli.status.cluster import read

    found = read(arguments.namespace, arguments.context)
    chatbots = _chosen(found.chatbots, arguments.chatbot, found.namespace)
    named = {reference["name"] for chatbot in chatbots for reference in chatbot["spec"]["knowledge"]}
    others = [index for name, index in found.indexes.items() if name not in named and not arguments.chatbot]
    tree = (*(chatbot_node(chatbot, found.indexes) for chatbot in chatbots), *map(index_node, others))
    content = {"chatbots": chatbots, "indexes": list(found.indexes.values())}
    return show(tree, content, arguments.output, Output())


def show(tree: Sequence[Node], content: Mapping[str, Any], form: str, output: Output) -> int:
    """Print the trees, or the objects as JSON; the exit code says whether all is ready."""
    if form == "json":
        output.print(json.dumps(content, ensure_ascii=False, indent=2))
    else:
        for mark, line in lines(tree):
            output.print(output.paint(line, STYLES[mark]))
    return OK if all(node.worst is Mark.GOOD for node in tree) else FAILED


def _instance(arguments: argparse.Namespace) -> Instance | None:
    if arguments.cluster or arguments.namespace or arguments.context:
        return None
    try:
        return find(arguments.state)
    except NoInstance as error:
        if arguments.state:
            raise NotFound(str(error)) from error
        return None


def _chosen(chatbots: Mapping[str, Mapping[str, Any]], name: str | None, namespace: str) -> list[Mapping[str, Any]]:
    if name is None:
        if not chatbots:
            raise NotFound(f"there is no chatbot in namespace {namespace}: apply one, or choose another with -n")
        return list(chatbots.values())
    if name not in chatbots:
        known = ", ".join(sorted(chatbots)) or "none"
        raise NotFound(f"there is no chatbot {name} in namespace {namespace} (it has: {known})")
    return [chatbots[name]]
