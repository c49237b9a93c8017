"""Days of validity, as people write them in spreadsheets and YAML: whole days, first and last included."""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import BeforeValidator

_WRITTEN = re.compile(r"\A(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00(?:\.0+)?)?)?\Z")


def day(value: object) -> date | None:
    """The day that a cell or a YAML scalar means; None for an empty one.

    Raises:
        ValueError: it is no day.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    match = _WRITTEN.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be a day such as 2026-12-31")
    return date(*(int(part) for part in match.groups()))


Day = Annotated[date | None, BeforeValidator(day)]
"""A field that takes whatever `day` takes."""
