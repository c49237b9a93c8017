"""A chatbot on vLLM's CPU build: its weights, and waiting until it is Ready."""

import json

from hack.gpu import folder
from hack.models.snapshots import convert
from hack.models.sources import Sources
from hack.models.table import find, load_table, models_root
from hack.stack.kube import CommandError, Kube

_MODEL = "qwen2.5-coder-0.5b"
URI = f"hf://kefu-dev/{_MODEL}-bf16"
READY_SECONDS = 900
"""vLLM starts in 40 s on an idle machine and in minutes on a busy one."""


def make_weights() -> None:
    """Let the mirror of the model hub have them."""
    table, root = load_table(), models_root()
    Sources(root, print).fetch(find(table, _MODEL))
    convert(find(table, _MODEL), root)


def make_adapter(name: str, strength: float) -> str:
    """Let the mirror have a LoRA adapter of the model, of random numbers up to `strength`: its URI."""
    snapshots = models_root() / "snapshots"
    config = json.loads((snapshots / f"{_MODEL}-bf16" / "config.json").read_text())
    config.setdefault("head_dim", config["hidden_size"] // config["num_attention_heads"])
    folder.adapter(snapshots / f"{_MODEL}-{name}", config, strength)
    return f"hf://kefu-dev/{_MODEL}-{name}"


def wait_ready(kube: Kube, chatbot: str, namespace: str) -> None:
    """Wait.

    Raises:
        CommandError: it is not Ready in time; the text tells what the namespace holds.
    """
    words = ("wait", "--for=condition=Ready", f"chatbot/{chatbot}", "-n", namespace, f"--timeout={READY_SECONDS}s")
    try:
        kube.kubectl(*words, timeout=READY_SECONDS + 10)
    except CommandError as error:
        seen = kube.kubectl("get", "chatbot,ki,statefulsets,pods,events", "-n", namespace, "-o", "wide")
        raise CommandError(f"{error}\n{seen}") from error
