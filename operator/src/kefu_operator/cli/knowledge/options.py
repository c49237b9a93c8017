"""Options that say where the indexes are, and the place that they name."""

import argparse
from pathlib import Path

from kefu_operator.cli.errors import NotFound
from kefu_operator.cli.knowledge.place import Place
from kefu_operator.local.errors import NoInstance


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--state", type=Path, metavar="DIR", help="state folder of a `kefu run`")
    parser.add_argument("--cluster", action="store_true", help="work on the cluster even if something runs here")
    parser.add_argument("--namespace", "-n", metavar="NAME", help="namespace of the cluster (default: the context's)")
    parser.add_argument("--context", metavar="NAME", help="context of the kubeconfig (default: the current one)")


def place_of(arguments: argparse.Namespace) -> Place:
    """What `kefu run` serves here unless an option names the cluster; the cluster where nothing runs.

    Raises:
        NotFound: nothing runs in the named state folder.
    """
    if not (arguments.cluster or arguments.namespace or arguments.context):
        # Imported here, as the client below: each takes a good part of a second, which going back must not wait for.
        from kefu_operator.cli.knowledge.here import Here
        from kefu_operator.local.instance import find

        try:
            return Here(find(arguments.state))
        except NoInstance as error:
            if arguments.state:
                raise NotFound(str(error)) from error
    from kefu_operator.cli.knowledge.there import There

    return There(arguments.namespace, arguments.context)
