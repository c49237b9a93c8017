"""What the chart holds a copy of."""

from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_charts_crds_are_those_of_the_repository() -> None:
    ours = {path.name: path.read_text() for path in (ROOT / "crds").glob("*.yaml")}
    copies = {path.name: path.read_text() for path in (ROOT / "charts/kefu/files/crds").glob("*.yaml")}
    assert copies == ours, "run: make crds"
