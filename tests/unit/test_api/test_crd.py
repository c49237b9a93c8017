"""The generated files: complete, structural, current, and refused at generation when a model says too little."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from pydantic import Field

from kefu_api.crd.__main__ import main
from kefu_api.crd.definition import DEFINITIONS, Definition
from kefu_api.crd.files import LIMIT
from kefu_api.crd.structural import structural
from kefu_api.errors import GenerationError
from kefu_api.kinds.part import Part
from kefu_api.kinds.shape import LIST_TYPE, RULES

ROOT = Path(__file__).parents[3]


def nodes(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    if "items" in node:
        yield from nodes(node["items"], f"{path}[]")


@pytest.fixture(params=DEFINITIONS, ids=lambda definition: definition.kind)
def crd(request: pytest.FixtureRequest) -> dict[str, Any]:
    definition: Definition = request.param
    text = (ROOT / "crds" / definition.file).read_text(encoding="utf-8")
    assert len(text.encode()) < LIMIT
    assert "make crds" in text.splitlines()[0]
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_the_committed_files_are_what_the_models_say(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["check", str(ROOT / "crds"), "--page", str(ROOT / "docs/reference/api.md")])
    assert code == 0, capsys.readouterr().out


def test_a_difference_is_shown_and_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(tmp_path / "crds"), "--page", str(tmp_path / "api.md")]
    assert main(["write", *arguments]) == 0
    assert main(["check", *arguments]) == 0
    page = tmp_path / "api.md"
    page.write_text(page.read_text().replace("Longest answer, in tokens.", "Longest answer."))
    assert main(["check", *arguments]) == 1
    assert (
        "+| `spec.budget.tokens` | integer | `512` | 16 to 8192 | Longest answer, in tokens. |"
        in capsys.readouterr().out
    )
    assert main(["docs", *arguments]) == 0
    assert main(["check", *arguments]) == 0


def test_every_node_is_structural_bounded_and_described(crd: dict[str, Any]) -> None:
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for path, node in nodes(schema):
        assert not {"$ref", "title", "allOf", "oneOf", "additionalProperties"} & set(node), path
        assert "pattern" not in node or not path.startswith(".spec"), path
        assert "anyOf" not in node or node.get("x-kubernetes-int-or-string"), path
        assert path in ("", ".metadata") or path.endswith("]") or re.search(r"\.[`)]?$", node["description"]), path
        if node.get("type") == "array":
            assert LIST_TYPE in node, path
            assert "maxItems" in node, path
        if node.get("type") == "string" and path.startswith(".spec"):
            assert "maxLength" in node or "enum" in node, path
        assert all(rule["message"] for rule in node.get(RULES, ())), path


def test_a_status_is_never_filled_in(crd: dict[str, Any]) -> None:
    status = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
    assert [path for path, node in nodes(status) if "default" in node] == []


class Undescribed(Part):
    field: Annotated[int, Field(ge=0)] = 0


class Unbounded(Part):
    field: str = ""
    """Any text."""


class Untyped(Part):
    field: Annotated[tuple[int, ...], Field(max_length=3)] = ()
    """A list without its type."""


class Either(Part):
    field: int | str = 0
    """A union."""


class Unlimited(Part):
    field: int = 0
    """Any number."""


@pytest.mark.parametrize(
    ("model", "remedy"),
    [
        (Undescribed, ".field: needs a docstring"),
        (Unbounded, ".field: a string needs max_length"),
        (Untyped, ".field: a list needs max_length and a list type"),
        (Either, ".field: a union; make its branches sibling fields"),
        (Unlimited, ".field: an integer needs ge"),
    ],
)
def test_a_model_that_says_too_little_is_not_published(model: type[Part], remedy: str) -> None:
    with pytest.raises(GenerationError, match=re.escape(remedy)):
        structural(model.model_json_schema(by_alias=True))
