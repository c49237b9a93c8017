"""Durations and quantities as numbers, and the parts as Python code builds them."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from kefu_api.kinds.engine import Engine, Resources
from kefu_api.kinds.knowledge.index import KnowledgeIndexSpec
from kefu_api.kinds.knowledge.source import Source
from kefu_api.kinds.types import amount, seconds
from kefu_api.kinds.vllm import VllmEngine


@pytest.mark.parametrize(("text", "value"), [("90s", 90), ("5m", 300), ("1h30m", 5400), ("1h1m1s", 3661)])
def test_seconds(text: str, value: int) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("500m", "0.5"), ("2", "2"), ("1.5T", "1500000000000"), ("1Ki", "1024"), ("4Gi", "4294967296")]
)
def test_amount(text: str, value: str) -> None:
    assert amount(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "Gi", "4GB", "1.2.3", "-1", "4 Gi"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="no Kubernetes quantity such as 500m or 4Gi"):
        amount(text)


def test_code_may_use_snake_case_where_documents_may_not() -> None:
    assert Engine(vllm=VllmEngine(tensor_parallel=2)).vllm == VllmEngine.model_validate({"tensorParallel": 2})
    with pytest.raises(ValidationError, match="tensor_parallel"):
        Engine.model_validate({"vllm": {"tensor_parallel": 2}})


def test_code_obeys_the_rules_too() -> None:
    with pytest.raises(
        ValidationError, match="exactly one of inline, configMap, http, sitemap, s3, git, sql, push must be set"
    ):
        Source(name="faq", format="FAQ")


def test_whole_cores_become_text() -> None:
    assert Resources.model_validate({"cpu": 4}).cpu == "4"


def test_lists_become_tuples_so_that_specs_can_be_compared_and_kept() -> None:
    spec = KnowledgeIndexSpec.model_validate({"sources": [{"name": "a", "format": "FAQ", "inline": "x"}]})
    assert hash(spec) == hash(spec.model_copy())
