"""The CustomResourceDefinitions: names, columns and subresources around the structural schemas."""

from dataclasses import dataclass
from typing import Any

from kefu_api import GROUP, VERSION
from kefu_api.base import Model
from kefu_api.crd.structural import Node, structural, without_defaults
from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.kinds.shape import RULES
from kefu_api.kinds.types import OBJECT_NAME

_API_VERSION = (
    "Version of the API that this object is written in. "
    "See https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources."
)
_KIND = (
    "Kind of the object. "
    "See https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds."
)


@dataclass(frozen=True)
class Column:
    """A column of `kubectl get`."""

    name: str
    path: str
    type: str = "string"
    description: str = ""
    wide: bool = False

    def to_dict(self) -> Node:
        """As `additionalPrinterColumns` wants it."""
        described = {"description": self.description} if self.description else {}
        return {
            "name": self.name, "type": self.type, **described, "jsonPath": self.path, **({"priority": 1} if self.wide else {})
        }  # fmt: skip


@dataclass(frozen=True)
class Definition:
    """What the API server is told of one kind."""

    model: type[Model]
    plural: str
    short_names: tuple[str, ...]
    columns: tuple[Column, ...]
    scale: Node | None = None

    @property
    def kind(self) -> str:
        """For example ChatbotDeployment."""
        return self.model.__name__

    @property
    def file(self) -> str:
        """Name of the generated file."""
        return f"{GROUP}_{self.plural}.yaml"

    def schema(self) -> Node:
        """The structural schema of the whole object.

        Raises:
            GenerationError: see `structural`.
        """
        source = self.model.model_json_schema(by_alias=True)
        properties = {key: node for key, node in source["properties"].items() if key in ("spec", "status")}
        root = structural({**source, "properties": properties, "required": ["spec"]})
        root["properties"] = {
            "apiVersion": {"description": _API_VERSION, "type": "string"},
            "kind": {"description": _KIND, "type": "string"},
            "metadata": {"type": "object"},
            "spec": root["properties"]["spec"],
            "status": without_defaults(root["properties"]["status"]),
        }
        return root | {RULES: [_name_rule()]}

    def to_dict(self) -> Node:
        """The CustomResourceDefinition."""
        version: Node = {
            "name": VERSION,
            "served": True,
            "storage": True,
            "additionalPrinterColumns": [column.to_dict() for column in self.columns],
            "subresources": {"status": {}, **({"scale": self.scale} if self.scale else {})},
            "schema": {"openAPIV3Schema": self.schema()},
        }
        names = {
            "kind": self.kind,
            "listKind": f"{self.kind}List",
            "plural": self.plural,
            "singular": self.kind.lower(),
            "shortNames": list(self.short_names),
            "categories": ["kefu"],
        }
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{self.plural}.{GROUP}"},
            "spec": {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [version]},
        }


def _name_rule() -> dict[str, Any]:
    fits = f"self.metadata.name.size() <= {OBJECT_NAME.max_length} && {OBJECT_NAME.cel('self.metadata.name')}"
    return {"rule": fits, "message": f"metadata.name {OBJECT_NAME.message}"}


def _ready(field: str) -> str:
    return f'.status.conditions[?(@.type=="Ready")].{field}'


_READY = Column("Ready", _ready("status"), description="Whether customers are served.")
_REASON = Column("Reason", _ready("reason"), description="Why it is Ready, or which leaf keeps it from being so.")
_AGE = Column("Age", ".metadata.creationTimestamp", type="date")
_MESSAGE = Column("Message", _ready("message"), description="The reason as a sentence.", wide=True)

KNOWLEDGE_INDEX = Definition(
    model=KnowledgeIndex,
    plural="knowledgeindexes",
    short_names=("ki",),
    columns=(
        _READY,
        Column("Version", ".status.published.version", description="The version that answers."),
        Column(
            "Documents", ".status.published.documents", type="integer", description="Documents and FAQ entries in it."
        ),
        Column("Chunks", ".status.published.chunks", type="integer", description="Chunks in it."),
        _REASON,
        _AGE,
        _MESSAGE,
        Column("Candidate", ".status.candidate.version", description="The version that is being built.", wide=True),
    ),
)

CHATBOT_DEPLOYMENT = Definition(
    model=ChatbotDeployment,
    plural="chatbotdeployments",
    short_names=("chatbot", "chatbots", "cbd"),
    columns=(
        _READY,
        Column("Release", ".status.releases.stable", description="The release that serves the customers."),
        Column("Weight", ".status.releases.weight", type="integer", description="Its percent of the customers."),
        Column("Engine", ".status.engine.summary", description="Pods of the engine: ready of wanted."),
        Column("Knowledge", ".status.knowledge", description="Published versions of its indexes."),
        _REASON,
        _AGE,
        _MESSAGE,
        Column("Candidate", ".status.releases.candidate", description="The release on its way to them.", wide=True),
        Column("URL", ".status.url", description="Where the gateway answers inside the cluster.", wide=True),
    ),
    scale={
        "specReplicasPath": ".spec.engine.replicas",
        "statusReplicasPath": ".status.engine.replicas",
        "labelSelectorPath": ".status.engine.selector",
    },
)

DEFINITIONS = (KNOWLEDGE_INDEX, CHATBOT_DEPLOYMENT)
