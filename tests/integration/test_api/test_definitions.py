"""What kubectl makes of the definitions: names, columns, scale, explain, and the status the operator writes."""

import json
import subprocess
from typing import Any

import pytest
from hack.cluster.apiserver import ControlPlane

from kefu_api.crd.definition import DEFINITIONS, Definition
from kefu_api.kinds.chatbot import ChatbotDeploymentStatus, EngineStatus
from kefu_api.kinds.knowledge.index import KnowledgeIndexStatus
from kefu_api.kinds.knowledge.versions import CandidateVersion, PublishedVersion
from kefu_api.kinds.meta import Condition
from kefu_api.kinds.rollout import Releases
from tests.corpus.cases import SHORT_FORMS
from tests.integration.test_api.server import NAMESPACE, Server

READY = Condition(
    type="Ready",
    status="False",
    reason="ImagePullBackOff",
    message="engine: the image cannot be pulled",
    observed_generation=1,
    last_transition_time="2026-01-01T00:00:00Z",
)
STATUS = {
    "ChatbotDeployment": ChatbotDeploymentStatus(
        observed_generation=1,
        conditions=(READY,),
        release="r-3f9c",
        releases=Releases(stable="r7", candidate="r8", phase="Progressing", weight=10, step="2/4"),
        engine=EngineStatus(name="engine-3f9c", replicas=2, ready=1, selector="app=engine", summary="1/2"),
        knowledge="shop=v1",
        url="http://shop-gateway.corpus.svc",
    ),
    "KnowledgeIndex": KnowledgeIndexStatus(
        observed_generation=1,
        conditions=(READY,),
        published=PublishedVersion(
            version="a1", documents=3, chunks=9, skipped_documents=("x: empty",), at="2026-01-01T00:00:00Z"
        ),
        candidate=CandidateVersion(version="b2", phase="Building"),
    ),
}


def kubectl(plane: ControlPlane, *words: str) -> str:
    command = [str(plane.kubectl), "--kubeconfig", str(plane.kubeconfig), "--namespace", NAMESPACE, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


@pytest.fixture(scope="module", params=DEFINITIONS, ids=lambda definition: definition.kind)
def definition(request: pytest.FixtureRequest, server: Server) -> Definition:
    """With an object in the short form and a status, as the operator applies it."""
    found: Definition = request.param
    created = server.create(found.kind, {**SHORT_FORMS[found.kind], "metadata": {"name": "seen"}}, dry_run=False)
    assert created.accepted, created.message
    status: dict[str, Any] = json.loads(STATUS[found.kind].model_dump_json(by_alias=True, exclude_none=True))
    document = {"apiVersion": "kefu.dev/v1alpha1", "kind": found.kind, "metadata": {"name": "seen"}, "status": status}
    applied = server.apply(found.kind, document, "status", dry_run=False)
    assert applied.accepted, applied.message
    assert applied.body["status"] == status
    return found


def test_every_name_leads_to_the_kind(definition: Definition, plane: ControlPlane) -> None:
    for name in (definition.plural, definition.kind.lower(), *definition.short_names, "kefu"):
        assert "seen" in kubectl(plane, "get", name), name


def test_the_columns_show_the_status(definition: Definition, plane: ControlPlane) -> None:
    head, line = kubectl(plane, "get", definition.plural, "-o", "wide").splitlines()[:2]
    assert head.split() == [
        "NAME",
        *(column.name.upper() for column in sorted(definition.columns, key=lambda c: c.wide)),
    ]
    shown = {
        "ChatbotDeployment": (
            "False",
            "r7",
            "r8",
            "10",
            "1/2",
            "shop=v1",
            "ImagePullBackOff",
            "cannot be pulled",
            "http://",
        ),
        "KnowledgeIndex": ("False", "a1", "3", "9", "ImagePullBackOff", "cannot be pulled", "b2"),
    }
    assert all(word in line for word in shown[definition.kind])


def test_wait_sees_the_condition(definition: Definition, plane: ControlPlane) -> None:
    thing = f"{definition.short_names[0]}/seen"
    assert "condition met" in kubectl(plane, "wait", "--for=condition=Ready=false", thing, "--timeout=30s")


def test_explain_describes_every_field_of_the_spec(definition: Definition, plane: ControlPlane) -> None:
    explained = kubectl(plane, "explain", f"{definition.short_names[0]}.spec", "--recursive")
    assert all(name in explained for name in definition.schema()["properties"]["spec"]["properties"])


def test_scale_drives_the_replicas_of_the_engine(server: Server, plane: ControlPlane) -> None:
    document = {**SHORT_FORMS["ChatbotDeployment"], "metadata": {"name": "scaled"}}
    assert server.create("ChatbotDeployment", document, dry_run=False).accepted
    assert "scaled" in kubectl(plane, "scale", "chatbot/scaled", "--replicas=3")
    assert kubectl(plane, "get", "chatbot/scaled", "-o", "jsonpath={.spec.engine.replicas}") == "3"
