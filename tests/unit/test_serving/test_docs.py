import re
from pathlib import Path

from prometheus_client import CollectorRegistry

from kefu_api.codes import WHAT_TO_DO
from kefu_serving.metrics import Instruments

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "gateway.md").read_text(encoding="utf-8")


def test_the_reference_lists_every_code_with_its_remedy() -> None:
    rows = dict(re.findall(r"^\| (V\d{4}) \| [^|]+ \| (.+) \|$", PAGE, re.MULTILINE))
    assert rows == {code.value: remedy for code, remedy in WHAT_TO_DO.items()}


def test_the_reference_lists_every_metric() -> None:
    registry = CollectorRegistry()
    Instruments(registry)
    names = {f"{m.name}_total" if m.type == "counter" else m.name for m in registry.collect()}
    assert names == set(re.findall(r"^\| `(kefu_\w+)` \|", PAGE, re.MULTILINE))
