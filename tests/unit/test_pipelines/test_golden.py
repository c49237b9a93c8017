from pathlib import Path

import pytest
import yaml

from kefu_pipelines.evaluation.errors import GoldenInvalid
from kefu_pipelines.evaluation.golden import load

SHOP = Path(__file__).parents[3] / "examples/shop/golden.yaml"
ENTRY = {"id": "q1", "language": "zh", "question": "?", "answerable": True, "sources": ["a"], "facts": [["7"]]}


def test_the_shop_has_its_sixty_questions() -> None:
    questions = load(SHOP)
    assert len(questions) == 60
    assert sum(not question.answerable for question in questions) == 15


def test_a_bare_list_is_a_golden_set_too(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(yaml.safe_dump([ENTRY]))
    assert load(tmp_path / "g.yaml")[0].facts == (("7",),)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "holds no golden set"),
        ("kind: ConfigMap", "holds no golden set"),
        ("[]", "is empty"),
        (yaml.safe_dump([ENTRY | {"facts": []}]), "q1: an answerable question needs sources and facts"),
        (yaml.safe_dump([ENTRY | {"langauge": "zh"}]), "0.langauge: Extra inputs"),
        (yaml.safe_dump([ENTRY | {"facts": [[]]}]), "0.facts.0"),
    ],
)
def test_a_broken_set_is_told_with_its_place(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "g.yaml").write_text(content)
    with pytest.raises(GoldenInvalid, match=sentence):
        load(tmp_path / "g.yaml")


def test_a_missing_file_is_told() -> None:
    with pytest.raises(GoldenInvalid, match="/absent cannot be read: No such file"):
        load(Path("/absent"))
