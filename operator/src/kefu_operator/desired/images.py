"""The image table: from a role in a plan to what a container must pull, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ROLES = (
    "operator",
    "gateway",
    "retrieval",
    "milvusLite",
    "milvus",
    "redis",
    "llamaCpp",
    "vllm",
    "vllmCpu",
    "tensorrtLlm",
)

DEFAULTS: Mapping[str, str] = {
    "operator": "kefu.local/operator:dev",
    "gateway": "kefu.local/gateway:dev",
    "retrieval": "kefu.local/retrieval:dev",
    "milvusLite": "kefu.local/milvus-lite:dev",
    "milvus": "milvusdb/milvus:v2.6.22",
    "redis": "kefu.local/redis:dev",
    "llamaCpp": "kefu.local/llamacpp:dev",
    "vllm": "vllm/vllm-openai:v0.32.0",
    "vllmCpu": "kefu.local/vllm-cpu:dev",
    "tensorrtLlm": "nvcr.io/nvidia/tensorrt-llm/release:1.2.1",
}
"""What a render without an installation shows, and what an operator without a table uses."""


@dataclass(frozen=True)
class Images:
    """Which images the pods run."""

    table: Mapping[str, str] = field(default_factory=lambda: DEFAULTS)
    """Role to reference."""
    pull_policy: str = "IfNotPresent"
    pull_secrets: tuple[str, ...] = ()
    """Names of Secrets of type kubernetes.io/dockerconfigjson, which must exist in the chatbot's namespace."""

    def reference(self, role: str) -> str:
        """The image of a role; any other text is a reference that the user gave."""
        return self.table.get(role, role)
