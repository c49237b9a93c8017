"""What the user of these tests applies."""

from typing import Any

from kefu_operator import naming

Object = dict[str, Any]

FAQ = "- {question: 能退货吗？, answer: 七天内可以。}"


def index(name: str = "shop", config_map: str = "shop-faq", **spec: Any) -> Object:
    sources = [{"name": "faq", "format": "FAQ", "configMap": {"name": config_map}}]
    return {"apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex", "metadata": {"name": name},
            "spec": {"sources": sources, **spec}}  # fmt: skip


def config_map(name: str = "shop-faq", text: str = FAQ) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"faq.yaml": text}}


def chatbot(name: str = "shop", **spec: Any) -> Object:
    whole = {
        "model": {"uri": "https://models.example/small.gguf"},
        "engine": {"llamaCpp": {}},
        "knowledge": [{"name": "shop"}],
        **spec,
    }
    return {"apiVersion": "kefu.dev/v1alpha1", "kind": "ChatbotDeployment", "metadata": {"name": name}, "spec": whole}


def endpoint_chatbot(name: str = "shop", **spec: Any) -> Object:
    made = chatbot(name, engine={"endpoint": {"url": "http://llm.example", "model": "m"}}, **spec)
    del made["spec"]["model"]
    return made


def chatbot_only(cluster: Any) -> None:
    """Let a chatbot with an endpoint come up; nothing of the knowledge is needed for it."""
    cluster.apply(endpoint_chatbot())
    run_chatbot(cluster)
    cluster.until_reason("chatbot", "shop", "GatewayReady", "Running")


def run_chatbot(cluster: Any, name: str = "shop") -> None:
    """Let the pods of a chatbot run that are its own."""
    cluster.run_deployment(f"{name}-redis", "statefulset")
    cluster.run_deployment(f"{name}-gateway")


def run_gateways_for(cluster: Any, engine: str, name: str = "shop") -> None:
    """Let the gateways of a chatbot run that may call this engine."""

    def may() -> bool:
        template = (cluster.get("deployment", f"{name}-gateway") or {})["spec"]["template"]
        return naming.uses(engine) in template["metadata"]["labels"]

    cluster.until(may)
    run_chatbot(cluster, name)


def report(version: str, *held: str, **more: Any) -> Object:
    """What a Job says that published `version`; `held`: all versions in the store, newest first."""
    versions = [{"version": each, "documents": 2, "chunks": 3, "created": 1.0} for each in held or (version,)]
    whole = {"version": version, "published": True, "documents": 2, "chunks": 3, "embedded": 3, "skippedTotal": 0}
    return {**whole, "versions": versions, **more}
