"""`kefu render`: the objects that the operator would apply, without a cluster."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import yaml

from kefu_api import digest
from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.manifests import Manifests
from kefu_operator.cli.errors import NotValid
from kefu_operator.cli.manifests import load_valid
from kefu_operator.cli.output import Output
from kefu_operator.cli.parsing import subcommand
from kefu_operator.desired.images import Images
from kefu_operator.desired.render import PLACEHOLDER, render
from kefu_operator.kinds import Kinds
from kefu_operator.local.options import plan_settings
from kefu_operator.plan.errors import PlanError
from kefu_operator.plan.knowledge.version import config_maps_of
from kefu_operator.resources import LEADER_WORKER_SETS, MILVUSES, SCALED_OBJECTS

EXAMPLES = """\
  kefu render examples/shop
  kefu render examples/shop --namespace acme | kubectl diff -f -

Random secrets stand as a placeholder: the operator makes each once and never shows it. What depends on the operator's
installation (images, accelerator classes) is shown with its defaults.
"""


def register(commands: Any, summary: str) -> None:
    """Add the subcommand."""
    parser = subcommand(commands, "render", summary, EXAMPLES, handle)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="YAML file, or folder of YAML files")
    parser.add_argument(
        "--namespace", "-n", metavar="NAME", help="namespace of all objects (default: that of the files)"
    )
    parser.add_argument(
        "--prometheus",
        metavar="URL",
        help="for a cluster with KEDA, which asks this Prometheus (default: without KEDA)",
    )
    parser.add_argument(
        "--milvus-operator",
        action="store_true",
        help="for a cluster with the Milvus operator (default: without)",
    )
    parser.add_argument(
        "--leader-worker-sets",
        action="store_true",
        help="for a cluster with LeaderWorkerSet, as which engines over several nodes run (default: as StatefulSets)",
    )


def handle(arguments: argparse.Namespace) -> int:
    """Print the objects as YAML.

    Raises:
        NotValid: the files break the API, or a default installation could not run them.
    """
    manifests = load_valid(arguments.paths)
    indexes = [_moved(index, arguments.namespace) for index in manifests.indexes]
    chatbots = [_moved(chatbot, arguments.namespace) for chatbot in manifests.chatbots]
    try:
        settings = replace(plan_settings(), prometheus_url=arguments.prometheus)
        keda = (SCALED_OBJECTS,) if arguments.prometheus else ()
        milvuses = (MILVUSES,) if arguments.milvus_operator else ()
        groups = (LEADER_WORKER_SETS,) if arguments.leader_worker_sets else ()
        kinds = Kinds.of(*keda, *milvuses, *groups)
        objects = render(indexes, chatbots, _digests(indexes, manifests), settings, Images(), kinds)
    except PlanError as error:
        raise NotValid(str(error)) from error
    Output().print(as_yaml(objects), end="")
    return 0


def as_yaml(objects: Sequence[Mapping[str, Any]]) -> str:
    """Objects as a YAML stream, with a remark beside every placeholder."""
    documents = [
        yaml.dump(dict(made), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120) for made in objects
    ]
    return "".join(f"---\n{_remarked(document)}" for document in documents)


def _remarked(document: str) -> str:
    remark = "made at random by the operator, once"
    # Inside a block of text a remark would be a part of it.
    return "".join(
        f"{line.rstrip()}  # {remark}\n" if line.rstrip().endswith(f": {PLACEHOLDER}") else line
        for line in document.splitlines(keepends=True)
    )


Kind = TypeVar("Kind", KnowledgeIndex, ChatbotDeployment)


def _moved(found: Kind, namespace: str | None) -> Kind:
    if namespace is None:
        return found
    return found.model_copy(update={"metadata": found.metadata.model_copy(update={"namespace": namespace})})


def _digests(indexes: Sequence[KnowledgeIndex], manifests: Manifests) -> Mapping[tuple[str, str], Mapping[str, str]]:
    return {
        (index.metadata.namespace, index.metadata.name): {
            source: digest.of_files(manifests.config_maps[name])
            for source, name in config_maps_of(index).items()
            if name in manifests.config_maps
        }
        for index in indexes
    }


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, so that documents inside ConfigMaps can be read."""

    def ignore_aliases(self, data: Any) -> bool:
        """No anchors: kubectl would resolve them, people would not."""
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)
