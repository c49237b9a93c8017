"""Bounded strings of the API, each with the pattern that the API server checks too."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import Field

Name = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
"""DNS-1123 label."""

SecretKey = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]

Duration = Annotated[str, Field(min_length=2, max_length=12, pattern=r"^([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,6}s)?$")]
"""`90s`, `5m`, `1h30m`."""

Quantity = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[0-9]+(\.[0-9]{1,3})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$")]
"""Kubernetes quantity, e.g. `500m` or `4Gi`."""

Ratio = Annotated[str, Field(min_length=1, max_length=8, pattern=r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$")]
"""A number from 0 to 1 written as a string, e.g. `"0.35"`, because floats do not survive every JSON tool."""

Sha256 = Annotated[str, Field(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}$")]

Language = Annotated[str, Field(pattern=r"^(zh|en)$", max_length=2)]

HttpUrl = Annotated[str, Field(min_length=8, max_length=2048, pattern=r"^https?://[^\s/?#]+[^\s?#]*$")]

_DURATION = re.compile(r"(\d+)([hms])")
_SECONDS = {"h": 3600, "m": 60, "s": 1}
_SUFFIXES = {"": Decimal(1), "m": Decimal("0.001")}
_SUFFIXES |= {letter: Decimal(1000) ** power for power, letter in enumerate("kMGT", start=1)}
_SUFFIXES |= {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGT", start=1)}
_QUANTITY = re.compile(r"^([0-9.]+)([a-zA-Z]*)$")


def seconds(duration: Duration) -> int:
    """Seconds in a duration: `1h30m` is 5400."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(duration))


def amount(quantity: Quantity) -> Decimal:
    """The number a Kubernetes quantity stands for: `500m` is 0.5, `1Ki` is 1024.

    Raises:
        ValueError: the text is no quantity.
    """
    match = _QUANTITY.match(quantity)
    if match is None or match[2] not in _SUFFIXES:
        raise ValueError(f"{quantity!r} is no Kubernetes quantity such as 500m or 4Gi")
    return Decimal(match[1]) * _SUFFIXES[match[2]]
