"""Small objects that the tests of local mode share."""

from pathlib import Path
from typing import Any

import yaml

from kefu_api.manifests import Manifests, load
from kefu_operator.local.placement import LocalPlacement
from kefu_operator.local.ports import PortBook

FAQ = "- {id: a, question: 'How long may I return?', answer: Within 7 days.}\n"


def index(name: str = "shop", **spec: Any) -> dict[str, Any]:
    spec = {"sources": [{"name": "faq", "format": "FAQ", "configMap": {"name": "shop-faq"}}]} | spec
    return {"apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex", "metadata": {"name": name}, "spec": spec}


def chatbot(name: str = "shop", **spec: Any) -> dict[str, Any]:
    spec = {
        "engine": {"endpoint": {"url": "http://127.0.0.1:9", "model": "m"}},
        "knowledge": [{"name": "shop"}],
    } | spec
    return {"apiVersion": "kefu.dev/v1alpha1", "kind": "ChatbotDeployment", "metadata": {"name": name}, "spec": spec}


def config_map(name: str = "shop-faq", text: str = FAQ) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"faq.yaml": text}}


def secret(name: str, **values: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values}


def write(folder: Path, *objects: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shop.yaml").write_text(yaml.safe_dump_all(objects, allow_unicode=True), encoding="utf-8")
    return folder


def bundle(folder: Path, *objects: dict[str, Any]) -> Manifests:
    return load([write(folder / "objects", *objects)])


def placement(state: Path, **public: int) -> LocalPlacement:
    return LocalPlacement(state=state, models=state / "models", ports=PortBook(state / "ports.json"), public=public)
