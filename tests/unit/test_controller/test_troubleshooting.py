"""Every reason that a condition can have is explained to people."""

import re
from pathlib import Path

import kefu_operator
from kefu_operator.status.pod_checks import FETCH_REASONS
from kefu_operator.status.reasons import Reason

ROOT = Path(kefu_operator.__file__).parent
PAGE = Path(__file__).parents[3] / "docs" / "troubleshooting.md"


def test_every_reason_has_its_own_section_and_no_section_is_left_over() -> None:
    explained = re.findall(r"^### ([A-Za-z]+)$", PAGE.read_text(), re.MULTILINE)
    assert sorted(explained) == sorted({reason.value for reason in Reason} | FETCH_REASONS)


def test_every_section_says_what_to_do_in_a_sentence_at_least() -> None:
    sections = re.split(r"^### (?=[A-Za-z]+$)", PAGE.read_text(), flags=re.MULTILINE)[1:]
    said = {section.split("\n", 1)[0]: section.split("\n", 1)[1].split("\n## ")[0].strip() for section in sections}
    assert {reason: text for reason, text in said.items() if len(text) < 10 or not text.endswith((".", "?"))} == {}


def test_every_condition_that_is_told_stands_in_the_table() -> None:
    table = set(re.findall(r"^\| ([A-Z][A-Za-z]+) \|", PAGE.read_text(), re.MULTILINE))
    judged = {"Ready", "Progressing", "Stalled"}
    source = "".join(path.read_text() for path in (ROOT / "reconcile").glob("*.py"))
    assert table == judged | set(
        re.findall(r'"([A-Z][a-z]+Ready|Published|Evaluated|(?:Gateway)?ScalingActive|Released)"', source)
    )
