"""The typed bundle: one tenant's objects, checked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kefu_api.errors import InvalidManifests, ManifestError
from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.manifests.files import read
from kefu_api.source import Document
from kefu_api.validation import Finding, check
from kefu_api.validation.configuration import config_map, secret
from kefu_api.validation.finding import name_of, namespace_of
from kefu_api.validation.objects import is_core, is_kefu


@dataclass(frozen=True)
class Manifests:
    """The objects of one namespace, by kind."""

    indexes: tuple[KnowledgeIndex, ...] = ()
    chatbots: tuple[ChatbotDeployment, ...] = ()
    config_maps: Mapping[str, Mapping[str, str | bytes]] = field(default_factory=dict)
    """Contents by key by name of the ConfigMap: text where it is UTF-8, bytes where it is not."""
    secrets: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict, repr=False)
    """Values by key by name of the Secret."""
    others: tuple[Document, ...] = ()
    """Objects of kinds that Kefu does not read."""
    warnings: tuple[Finding, ...] = ()


def load(paths: Iterable[Path]) -> Manifests:
    """Read, check and sort the objects of these files and folders.

    Raises:
        ManifestError: files cannot be read, or their objects belong to several namespaces.
        InvalidManifests: an object breaks the API; carries all findings.
    """
    return assemble(read(paths))


def assemble(documents: Iterable[Document]) -> Manifests:
    """Check and sort these objects.

    Raises:
        ManifestError: the objects belong to several namespaces.
        InvalidManifests: an object breaks the API; carries all findings.
    """
    known = list(documents)
    findings = check(known)
    if any(found.severity == "error" for found in findings):
        raise InvalidManifests(findings)
    by_kind: dict[str, list[Document]] = {"KnowledgeIndex": [], "ChatbotDeployment": [], "ConfigMap": [], "Secret": []}
    ours = [document for document in known if _is_ours(document)]
    for document in ours:
        by_kind[document["kind"]].append(document)
    _check_namespace(ours)
    return Manifests(
        indexes=tuple(KnowledgeIndex.model_validate(dict(document)) for document in by_kind["KnowledgeIndex"]),
        chatbots=tuple(ChatbotDeployment.model_validate(dict(document)) for document in by_kind["ChatbotDeployment"]),
        config_maps={name_of(document): _files(document) for document in by_kind["ConfigMap"]},
        secrets={name_of(document): secret(document).values for document in by_kind["Secret"]},
        others=tuple(document for document in known if not _is_ours(document)),
        warnings=tuple(findings),
    )


def _is_ours(document: Document) -> bool:
    return is_kefu(document) or is_core(document, "ConfigMap") or is_core(document, "Secret")


def _check_namespace(documents: list[Document]) -> None:
    namespaces = sorted({namespace_of(document) for document in documents})
    if len(namespaces) > 1:
        raise ManifestError(f"the objects belong to several namespaces ({', '.join(namespaces)}): give those of one")


def _files(document: Document) -> dict[str, str | bytes]:
    return {key: _text(value) for key, value in config_map(document).values.items()}


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
