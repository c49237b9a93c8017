"""Golden pairs: `golden/NAME.in.yaml` is what a user applies, `golden/NAME.out.yaml` all that Kefu makes of it.

After a wanted change run `KEFU_UPDATE_GOLDEN=1 pytest tests/unit/test_controller/test_golden.py` and read the
difference in version control.
"""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from kefu_api import digest
from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_operator.desired.images import Images
from kefu_operator.desired.render import render
from kefu_operator.kinds import Kinds
from kefu_operator.plan.knowledge.version import config_maps_of
from kefu_operator.plan.settings import AcceleratorClass, PlanSettings
from kefu_operator.resources import CUSTOM_METRICS, LEADER_WORKER_SETS, MILVUSES, POD_METRICS, SCALED_OBJECTS

FOLDER = Path(__file__).parent / "golden"
INPUTS = sorted(FOLDER.glob("*.in.yaml"))
SETTINGS = PlanSettings(
    accelerators={
        "h100": AcceleratorClass(
            "nvidia.com/gpu",
            {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"},
            ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},),
            memory=81_559 * 2**20,
            fp8=True,
            per_node=8,
        ),
        "mig-3g-40gb": AcceleratorClass("nvidia.com/mig-3g.40gb", memory=40_192 * 2**20, per_node=1),
    },
    hub_endpoint="http://mirror.acme.svc:8080",
    allow_http=True,
    trace_endpoint="http://collector.acme.svc:4318",
    prometheus_url="http://prometheus.monitoring.svc:9090",
)
KINDS = {
    "scaled-by-cpu": Kinds.of(POD_METRICS),
    "scaled-by-metrics": Kinds({CUSTOM_METRICS: frozenset({"pods/vllm:num_requests_waiting"})}),
    "not-scaled": Kinds(),
    "managed-store": Kinds.of(MILVUSES),
    "managed-store-retained": Kinds.of(MILVUSES),
    "vllm-nodes": Kinds.of(SCALED_OBJECTS, LEADER_WORKER_SETS),
}
"""What the cluster has of others; all but these have KEDA, and nothing else."""
UPDATE = os.environ.get("KEFU_UPDATE_GOLDEN") == "1"


class Literal(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and every value in full, so that differences can be read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


Literal.add_representer(str, _text)


def rendered(source: Path) -> list[dict[str, Any]]:
    documents = list(yaml.safe_load_all(source.read_text()))
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for document in documents:
        by_kind.setdefault(document["kind"], []).append(document)
    contents = {found["metadata"]["name"]: digest.of_files(found["data"]) for found in by_kind.get("ConfigMap", [])}
    indexes = [KnowledgeIndex.model_validate(document) for document in by_kind.get("KnowledgeIndex", [])]
    digests = {
        (index.metadata.namespace, index.metadata.name): {
            source: contents[name] for source, name in config_maps_of(index).items() if name in contents
        }
        for index in indexes
    }
    chatbots = [ChatbotDeployment.model_validate(document) for document in by_kind.get("ChatbotDeployment", [])]
    kinds = KINDS.get(source.name.removesuffix(".in.yaml"), Kinds.of(SCALED_OBJECTS))
    return render(indexes, chatbots, digests, SETTINGS, Images(), kinds)


@pytest.mark.parametrize("source", INPUTS, ids=lambda path: path.name.removesuffix(".in.yaml"))
def test_what_a_user_applies_becomes_what_was_agreed(source: Path) -> None:
    made = yaml.dump_all(rendered(source), Dumper=Literal, sort_keys=False, allow_unicode=True, width=120)
    expected = source.with_name(source.name.replace(".in.", ".out."))
    if UPDATE:
        expected.write_text(made)
    assert made == expected.read_text()


def test_every_expected_output_has_an_input() -> None:
    outputs = {path.name.removesuffix(".out.yaml") for path in FOLDER.glob("*.out.yaml")}
    assert outputs == {path.name.removesuffix(".in.yaml") for path in INPUTS}
