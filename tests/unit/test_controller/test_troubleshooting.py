"""Every reason that a condition can have is explained to people."""

import re
from pathlib import Path

from kefu_operator.status.pod_checks import FETCH_REASONS
from kefu_operator.status.reasons import Reason

PAGE = Path(__file__).parents[3] / "docs" / "troubleshooting.md"


def test_every_reason_has_its_own_section_and_no_section_is_left_over() -> None:
    explained = re.findall(r"^### ([A-Za-z]+)$", PAGE.read_text(), re.MULTILINE)
    assert sorted(explained) == sorted({reason.value for reason in Reason} | FETCH_REASONS)
