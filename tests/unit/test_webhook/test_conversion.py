"""Versions of a kind: whatever is converted and converted back is what it was."""

import string
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kefu_operator.webhook.conversion import NoConversion, Step, Versions, answer_conversion, convert, renaming

V1, V2, V3 = (f"test.kefu.dev/v1alpha{number}" for number in (1, 2, 3))
VERSIONS: Versions = {
    "Shop": (
        Step(V1, V2, *renaming(("spec", "search", "topK"), "limit")),
        Step(V2, V3, *renaming(("spec", "persona"), "voice")),
    )
}
OLD, NEW = {V1: {"limit", "voice"}, V2: {"topK", "voice"}, V3: {"topK", "persona"}}, (V1, V2, V3)
"""Names that a version does not know, and so no object of it has."""

NAMES = st.text(string.ascii_letters, min_size=1, max_size=6)
LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5)


def objects(version: str) -> st.SearchStrategy[dict[str, Any]]:
    free = NAMES.filter(lambda name: name not in OLD[version])
    inner = st.recursive(LEAVES, lambda each: st.lists(each, max_size=3) | st.dictionaries(free, each, max_size=3))
    search = st.fixed_dictionaries({}, optional={"topK": LEAVES, "limit": LEAVES, "minConfidence": LEAVES}).map(
        lambda found: {name: value for name, value in found.items() if name not in OLD[version]}
    )
    spec = st.fixed_dictionaries(
        {}, optional={"search": search | LEAVES, "persona": inner, "voice": inner, "x": inner}
    ).map(lambda found: {name: value for name, value in found.items() if name not in OLD[version]})
    return st.fixed_dictionaries(
        {"apiVersion": st.just(version), "kind": st.just("Shop"), "metadata": st.just({"name": "a"})},
        optional={"spec": spec, "status": inner},
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.parametrize("source", NEW)
@pytest.mark.parametrize("target", NEW)
@given(data=st.data())
def test_there_and_back_is_where_it_was(source: str, target: str, data: st.DataObject) -> None:
    found = data.draw(objects(source))
    before = deepcopy(found)
    there = convert(found, target, VERSIONS)
    assert there["apiVersion"] == target
    assert convert(there, source, VERSIONS) == before
    assert found == before


def test_a_field_has_its_versions_name() -> None:
    found = {"apiVersion": V1, "kind": "Shop", "spec": {"search": {"topK": 3}, "persona": {"name": "小库"}}}
    assert convert(found, V3, VERSIONS)["spec"] == {"search": {"limit": 3}, "voice": {"name": "小库"}}


def test_an_unknown_version_or_kind_is_a_failure_that_says_what_to_do() -> None:
    with pytest.raises(NoConversion, match="CRDs and webhook of one version"):
        convert({"apiVersion": V1, "kind": "Shop"}, "test.kefu.dev/v9", VERSIONS)
    review = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "request": {
        "uid": "u", "desiredAPIVersion": V2, "objects": [{"apiVersion": V1, "kind": "Other"}]}}  # fmt: skip
    told = answer_conversion(review, VERSIONS)["response"]
    assert (told["uid"], told["result"]["status"], told["convertedObjects"]) == ("u", "Failure", [])


def test_a_list_comes_back_in_its_order() -> None:
    asked = [{"apiVersion": version, "kind": "Shop", "metadata": {"name": version}} for version in (V3, V1, V2)]
    review = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
              "request": {"uid": "u", "desiredAPIVersion": V2, "objects": asked}}  # fmt: skip
    told = answer_conversion(review, VERSIONS)["response"]
    assert [each["metadata"]["name"] for each in told["convertedObjects"]] == [V3, V1, V2]
    assert {each["apiVersion"] for each in told["convertedObjects"]} == {V2}
