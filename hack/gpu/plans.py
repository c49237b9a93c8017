"""`python -m hack.gpu.plans > .gpu/plans.json`: the vLLM servers that the operator plans on one H100, for hack.gpu.vllm to start.

Runs where Kefu is installed, and reads the accelerator class as the chart brings it. A plan holds the planned commands to the
letter, the files that they read, and what the arithmetic promises of the memory.
"""

import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hack.gpu.configs import CONFIGS
from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator import settings
from kefu_operator.plan.engine import plan_engine
from kefu_operator.plan.engines.vllm import BUSY, SIGNALS, STEPS
from kefu_operator.plan.engines.vllm_options import ONLINE
from kefu_operator.plan.fit.known import known_model
from kefu_operator.plan.fit.room import Layout, room, runtime
from kefu_operator.plan.fit.wish import UTILIZATION
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import Container, DocumentMount, Workload

CHART = Path(__file__).parents[2] / "charts/kefu/values.yaml"
CLASS = "h100"
HELD = {method: held for held, method in ONLINE.items()}
ADAPTER = {"name": "shop", "uri": "pvc://loras/shop", "rank": 16}


@dataclass(frozen=True)
class Wanted:
    """One server, as a chatbot asks for it."""

    uri: str
    checks: tuple[str, ...] = ("fill",)
    """What is done with it beyond reading its log; hack.gpu.vllm.CHECKS has them by name."""
    vllm: dict[str, Any] | None = None
    count: int | None = None
    """Devices; None: the operator chooses."""
    adapters: tuple[dict[str, Any], ...] = ()


QWEN = "hf://Qwen/Qwen3-8B"
BIG = "hf://Qwen/Qwen3-32B"
WANTED = {
    "qwen3-8b": Wanted(QWEN, ("series", "chat", "idle", "speed", "fill")),
    "qwen3-32b": Wanted(BIG, ("chat", "fill")),
    "qwen3-8b-fp8": Wanted(QWEN, ("chat", "speed", "fill"), {"quantization": "fp8"}),
    "qwen3-8b-lora": Wanted(QWEN, ("adapters", "chat", "fill"), {"maxModelLen": 16384}, adapters=(ADAPTER,)),
    "qwen3-32b-bf16": Wanted(BIG, vllm={"quantization": "none"}, count=1),
    "qwen3-8b-uncached": Wanted(QWEN, ("speed",), {"prefixCaching": False}),
    "qwen3-8b-ngram": Wanted(QWEN, ("series", "chat", "speed"), {"speculative": {"ngram": {}}}),
    "qwen3-14b": Wanted("hf://Qwen/Qwen3-14B"),
    "llama-3.1-8b": Wanted("hf://meta-llama/Llama-3.1-8B-Instruct"),
    "qwen2.5-7b": Wanted("hf://Qwen/Qwen2.5-7B-Instruct"),
    "mistral-7b-v0.3": Wanted("hf://mistralai/Mistral-7B-Instruct-v0.3"),
    "qwen2.5-1.5b": Wanted("hf://Qwen/Qwen2.5-1.5B-Instruct"),
}
"""The most telling first, since time on the device may run out."""


def charted() -> PlanSettings:
    """The operator's settings with the chart's own values."""
    values = yaml.safe_load(CHART.read_text())
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"accelerators": {CLASS: values["accelerators"][CLASS]}}, file)
        return settings.load({"KEFU_CONFIG": file.name}).plan


def plan(wanted: Wanted, known: PlanSettings) -> dict[str, Any]:
    """All that is needed to start one server and to judge it."""
    accelerator = {"class": CLASS} | ({"count": wanted.count} if wanted.count else {})
    spec = {
        "model": {"uri": wanted.uri, "adapters": list(wanted.adapters)},
        "engine": {"accelerator": accelerator, "vllm": wanted.vllm or {}},
        "knowledge": [{"name": "shop"}],
    }
    chatbot = ChatbotDeployment.model_validate(
        {
            "apiVersion": "kefu.dev/v1alpha1",
            "kind": "ChatbotDeployment",
            "metadata": {"name": "shop", "namespace": "acme"},
            "spec": spec,
        }
    )
    engine = plan_engine("shop", chatbot.spec, ClusterPlacement("acme"), known)
    workload = engine.workload
    liveness = workload.container.liveness if workload else None
    if workload is None or liveness is None:
        raise AssertionError("an engine of ours has a workload, and its container a liveness")
    container = workload.container
    command = list(container.command)
    return {
        "spec": spec,
        "layout": engine.layout,
        "promise": _promise(wanted.uri, command, known),
        "config": CONFIGS[wanted.uri.rpartition("/")[2]],
        "folder": command[command.index("--model") + 1],
        "command": command,
        "env": dict(container.env),
        "liveness": list(liveness.command),
        "drain": list(workload.drain),
        "companion": _companion(workload),
        "checks": list(wanted.checks),
    }


def _promise(uri: str, command: list[str], known: PlanSettings) -> dict[str, Any]:
    """Bytes, and tokens, that the arithmetic says of the layout that the command asks for."""
    shape, memory = known_model(uri), known.accelerators[CLASS].memory
    if shape is None or memory is None or "--tensor-parallel-size" in command:
        raise AssertionError(f"{uri} is to be a known model on one device")
    method = command[command.index("--quantization") + 1] if "--quantization" in command else ""
    left = room(shape, Layout(HELD.get(method, shape.stored), 1, 1), memory, UTILIZATION)
    return {
        "usable": left.usable,
        "weights": left.weights,
        "runtime": runtime(memory),
        "cache": left.cache,
        "cachePerToken": left.per_token,
        "tokens": left.tokens,
    }


def _companion(workload: Workload) -> dict[str, Any] | None:
    """The loader of adapters: its command, its document, and the adapters by the folders where they are to lie."""
    if not workload.companions:
        return None
    (container,) = workload.companions
    files = _documents(container)
    (text,) = files.values()
    sources = json.loads(text)["adapters"]
    return {
        "command": list(container.command),
        "files": files,
        "adapters": {source["name"]: source["path"] for source in sources},
    }


def _documents(container: Container) -> dict[str, str]:
    mounts = [mount for mount in container.mounts if isinstance(mount, DocumentMount)]
    return {f"{mount.path}/{name}": text for mount in mounts for name, text in mount.files.items()}


def main() -> int:
    """Print the plans as one JSON object."""
    known = charted()
    found = {
        "class": CLASS,
        "series": {"busy": BUSY, "steps": STEPS, "signals": [SIGNALS.waiting, SIGNALS.cache_use]},
        "servers": {name: plan(wanted, known) for name, wanted in WANTED.items()},
    }
    sys.stdout.write(json.dumps(found, indent=1) + os.linesep)
    return 0


if __name__ == "__main__":
    sys.exit(main())
