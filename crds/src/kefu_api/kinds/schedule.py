"""Cron expressions: five fields, in numbers, in UTC, so that every judge reads them alike."""

import re
from typing import Annotated, Any

from kefu_api.kinds.rules import Rule
from kefu_api.kinds.shape import Shape

_MINUTE, _HOUR, _DAY = "[0-5]?[0-9]", "(?:[01]?[0-9]|2[0-3])", "(?:0?[1-9]|[12][0-9]|3[01])"
_MONTH, _WEEKDAY = "(?:0?[1-9]|1[0-2])", "[0-7]"


def _field(value: str) -> str:
    item = rf"(?:\*|{value}(?:-{value})?)(?:/[1-9][0-9]?)?"
    return f"{item}(?:,{item})*"


_FIELDS = " ".join(map(_field, (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY)))
_RANGE = "[0-9]+-[0-9]+"
_NEVER = r"^[^ ]+ [^ ]+ (?:3[01](?:[,-]3[01])* 0?2|31(?:,31)* (?:0?[2469]|11)(?:,(?:0?[2469]|11))*) \*"

Schedule = Annotated[
    str,
    Shape(
        "must be a cron expression of five fields in numbers, between single blanks: minute (0-59), hour (0-23), day (1-31),"
        " month (1-12), weekday (0-7, from Sunday), such as '30 2 * * 1-5' for half past two UTC from Monday to Friday",
        (f"^{_FIELDS}$",),
        min_length=9,
        max_length=100,
    ),
]
"""When something is due, in UTC: `30 2 * * 1-5`."""


def schedule_rules(name: str) -> tuple[Rule, ...]:
    """What a pattern cannot say of the schedule in the field called `name`."""

    def of(value: Any) -> str:
        return getattr(value, name) or ""

    return (
        Rule(
            f"!has(self.{name}) || self.{name}.findAll('{_RANGE}')"
            ".all(r, int(r.split('-')[0]) <= int(r.split('-')[1]))",
            lambda value: all(_is_rising(found) for found in re.findall(_RANGE, of(value))),
            f"a range in {name} must go from the smaller number to the larger one: write 22-23,0-4 in place of 22-4",
        ),
        Rule(
            f"!has(self.{name}) || !self.{name}.matches(r'{_NEVER}')",
            lambda value: not re.search(_NEVER, of(value)),
            f"{name} names a day that its months do not have: correct the day or the month",
        ),
    )


def _is_rising(found: str) -> bool:
    low, high = found.split("-")
    return int(low) <= int(high)
