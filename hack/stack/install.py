"""Bringing Kefu onto the development cluster: node, images, model mirror, Helm release. Each step may run again."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hack.cluster.cli import environment
from hack.cluster.progress import say
from hack.cluster.providers import Provider, choose
from hack.stack.kube import Kube
from hack.stack.mirror import Mirror

ROOT = Path(__file__).resolve().parent.parent.parent
SYSTEM = "kefu-system"
MODELS = ("qwen2.5-coder-1.5b", "encoder")
"""What examples/shop needs, by the names of hack/models."""
IMAGES = {
    "operator": "operator",
    "gateway": "gateway",
    "retrieval": "retrieval",
    "milvusLite": "milvus-lite",
    "redis": "redis",
    "llamaCpp": "llamacpp",
}
"""Role in the chart's value `images` → image of hack/images."""


@dataclass(frozen=True)
class Stack:
    """A cluster with Kefu on it."""

    provider: Provider
    kube: Kube
    mirror: Mirror

    def load(self, *names: str) -> dict[str, str]:
        """Build and import images; their references by name."""
        line = [sys.executable, "-m", "hack.images", "load", "--json", *names]
        done = subprocess.run(line, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        return {name: image["ref"] for name, image in json.loads(done.stdout).items()}

    def install(self, references: dict[str, str], *settings: str) -> None:
        """Install or upgrade the chart with these images."""
        words = ["upgrade", "--install", "kefu", str(ROOT / "charts/kefu"), "--namespace", SYSTEM, "--create-namespace"]
        for role, name in IMAGES.items():
            words += ["--set", f"images.{role}={references[name]}"]
        words += ["--set", f"modelHub.endpoint={self.mirror.url}", "--set", "modelHub.allowHttp=true"]
        words += ["--set", "imagePullPolicy=IfNotPresent"]
        for setting in settings:
            words += ["--set", setting]
        self.kube.run("helm", *words, "--wait", "--timeout", "3m", timeout=240)

    def change(self, *settings: str) -> None:
        """Set values of the installed chart and keep the others."""
        words = ["upgrade", "kefu", str(ROOT / "charts/kefu"), "--namespace", SYSTEM, "--reuse-values"]
        for setting in settings:
            words += ["--set", setting]
        self.kube.run("helm", *words, "--wait", "--timeout", "3m", timeout=240)

    def down(self) -> None:
        """Remove the cluster and stop the mirror."""
        self.mirror.stop()
        self.provider.down()


def find() -> Stack:
    """The cluster that KEFU_CLUSTER chooses, whether it runs or not."""
    provider = choose(os.environ.get("KEFU_CLUSTER", "native"))
    variables = environment(provider.environment())
    return Stack(provider, Kube(variables), Mirror(variables["KEFU_HOST_IP"]))


def bring_up(extras: Sequence[str] = ()) -> Stack:
    """Start the cluster, with what else it is to run, load the images, start the mirror and install the chart.

    Raises:
        ClusterError: with a sentence that says what failed and what to do.
    """
    provider = choose(os.environ.get("KEFU_CLUSTER", "native"))
    provider.start_runtime()
    with _beside(["hack.models", "fetch", *MODELS], ["hack.images", "load", *IMAGES.values()]):
        provider.up(list(extras))
    stack = find()
    references = stack.load(*IMAGES.values())
    say("starting the mirror of the model hub")
    stack.mirror.start()
    say("installing charts/kefu")
    stack.install(references)
    return stack


@contextmanager
def _beside(*modules: list[str]) -> Iterator[None]:
    """Run Python modules beside the body, which then waits for them; a body that fails ends them.

    Raises:
        CalledProcessError: one of them failed.
    """
    lines = [[sys.executable, "-m", *words] for words in modules]
    children = [subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL) for line in lines]
    try:
        yield
        for child, line in zip(children, lines, strict=True):
            if child.wait():
                raise subprocess.CalledProcessError(child.returncode, line)
    finally:
        for child in children:
            child.terminate()
            child.wait()
