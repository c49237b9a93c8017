"""The corpus before pydantic: verdicts, fields and remedies."""

import pytest

from kefu_api.validation.objects import check_kind
from tests.corpus.cases import Case, cases


def test_the_corpus_is_large_enough_and_its_sentences_are_unique() -> None:
    valid, invalid = cases(valid=True), cases(valid=False)
    assert len(valid) >= 25
    assert len(invalid) >= 60
    assert len({case.id for case in cases()}) == len(valid) + len(invalid)


@pytest.mark.parametrize("case", cases(valid=True), ids=lambda case: case.id)
def test_valid(case: Case) -> None:
    assert check_kind(case.object, case.kind) == []


@pytest.mark.parametrize("case", cases(valid=False), ids=lambda case: case.id)
def test_invalid_and_said_so(case: Case) -> None:
    found = check_kind(case.object, case.kind)
    said = [one for one in found if one.field.startswith(case.field) and case.says in one.message]
    assert said, [str(one) for one in found]
    assert case.says
