"""Short ways to write the two kinds in tests."""

from collections.abc import Mapping
from typing import Any

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.knowledge.index import KnowledgeIndex


def chatbot(spec: Mapping[str, Any] | None = None, name: str = "shop", namespace: str = "acme") -> ChatbotDeployment:
    """A chatbot with the short form's spec, overridden by `spec`."""
    short = {"model": {"uri": "hf://Qwen/Qwen3-8B"}, "knowledge": [{"name": "shop"}]}
    merged = {key: value for key, value in (short | dict(spec or {})).items() if value is not None}
    metadata = {"name": name, "namespace": namespace}
    return ChatbotDeployment.model_validate(
        {"apiVersion": "kefu.dev/v1alpha1", "kind": "ChatbotDeployment", "metadata": metadata, "spec": merged}
    )


def index(spec: Mapping[str, Any] | None = None, name: str = "shop", namespace: str = "acme") -> KnowledgeIndex:
    """An index with one FAQ source in a ConfigMap, overridden by `spec`."""
    short = {"sources": [{"name": "faq", "format": "FAQ", "configMap": {"name": "shop-faq"}}]}
    metadata = {"name": name, "namespace": namespace}
    return KnowledgeIndex.model_validate(
        {
            "apiVersion": "kefu.dev/v1alpha1",
            "kind": "KnowledgeIndex",
            "metadata": metadata,
            "spec": short | dict(spec or {}),
        }
    )
