"""The API server fills in what pydantic fills in, and keeps nothing else."""

import json
from typing import Any

import pytest

from kefu_api.crd.definition import DEFINITIONS
from tests.corpus.cases import Case, cases
from tests.integration.test_api.server import Server

MODELS = {definition.kind: definition.model for definition in DEFINITIONS}


def parsed(case: Case, document: dict[str, Any]) -> Any:
    """The spec as pydantic reads it."""
    whole = MODELS[case.kind].model_validate(document)
    return json.loads(whole.model_dump_json(by_alias=True, exclude_none=True))["spec"]


@pytest.mark.parametrize("case", cases(valid=True), ids=lambda case: case.id)
def test_the_defaults_of_the_api_server_are_those_of_pydantic(case: Case, server: Server) -> None:
    stored = server.create(case.kind, case.object).body
    assert _bare_numbers_as_text(stored["spec"]) == parsed(case, case.object)


@pytest.mark.parametrize("case", cases(valid=True), ids=lambda case: case.id)
def test_what_the_api_server_stores_reads_as_what_was_sent(case: Case, server: Server) -> None:
    stored = server.create(case.kind, case.object).body
    assert parsed(case, stored) == parsed(case, case.object)


def _bare_numbers_as_text(spec: dict[str, Any]) -> dict[str, Any]:
    """`cpu: 4` is stored as it was written and read as text."""
    resources = spec.get("engine", {}).get("resources", {})
    if isinstance(resources.get("cpu"), int):
        resources["cpu"] = str(resources["cpu"])
    return spec
