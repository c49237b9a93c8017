"""The corpus before both judges: pydantic and the API server agree case by case, and both name the field and the remedy."""

import pytest

from kefu_api.validation.objects import check_kind
from tests.corpus.cases import Case, cases
from tests.integration.test_api.server import Server

REACHABLE = [case for case in cases(valid=False) if not case.field.startswith("metadata")]
"""Server-side apply takes the name from the path, so those with a wrong one cannot be asked for."""


@pytest.mark.parametrize("case", cases(valid=True), ids=lambda case: case.id)
def test_what_pydantic_takes_the_api_server_takes(case: Case, server: Server) -> None:
    assert check_kind(case.object, case.kind) == []
    created = server.create(case.kind, case.object)
    assert created.accepted, created.message
    applied = server.apply(case.kind, case.object)
    assert applied.accepted == case.applied, applied.message


@pytest.mark.parametrize("case", cases(valid=False), ids=lambda case: case.id)
def test_what_pydantic_refuses_the_api_server_refuses_and_names_the_field(case: Case, server: Server) -> None:
    assert check_kind(case.object, case.kind) != []
    verdict = server.create(case.kind, case.object)
    assert not verdict.accepted
    assert case.server in verdict.message
    assert case.names in verdict.message


@pytest.mark.parametrize("case", REACHABLE, ids=lambda case: case.id)
def test_server_side_apply_refuses_it_as_well(case: Case, server: Server) -> None:
    assert server.apply(case.kind, case.object).accepted == case.applied
