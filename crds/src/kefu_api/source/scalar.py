"""What an unquoted word means: as kubectl's YAML parser resolves it (go.yaml.in/yaml/v2, resolve.go), not as PyYAML does.

They differ where it hurts: `1:30` is text to kubectl and 90 to PyYAML; `2026-01-01` stays text; `y` and `n` are booleans.
"""

import math
import re
from typing import Any

_WORDS: dict[str, Any] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True)
_WORDS |= dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False)
_DATE = re.compile(r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?$")
_INTEGER = re.compile(r"^[-+]?(0|[1-9][0-9]*|0[0-7]+|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)$")
_FLOAT = re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_INFINITE = re.compile(r"^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$")
_LARGEST = 2**64 - 1
_LONGEST_NUMBER = 400
_FIRST_WITH_EXPONENT = 1e21


def resolve(word: str) -> Any:
    """The value of an unquoted scalar: None, bool, int, float or str.

    Raises:
        ValueError: infinity and not-a-number, which JSON cannot carry.
    """
    if word in _WORDS:
        return _WORDS[word]
    if _INFINITE.match(word):
        raise ValueError(f"{word} is no JSON value: write a finite number, or put it in quotes")
    if len(word) > _LONGEST_NUMBER or word[0] not in "+-.0123456789" or _DATE.match(word):
        return word
    plain = word if word.startswith(".") else word.replace("_", "")
    return _number(plain, word)


def _number(plain: str, word: str) -> Any:
    if _INTEGER.match(plain):
        value = _integer(plain)
        return value if -(2**63) <= value <= _LARGEST else float(value)
    if not _FLOAT.match(plain):
        return word
    decimal = float(plain)
    if math.isinf(decimal):
        return word
    # kubectl sends JSON, and Go writes 2.0 as 2 up to this size.
    return int(decimal) if decimal.is_integer() and abs(decimal) < _FIRST_WITH_EXPONENT else decimal


def _integer(plain: str) -> int:
    sign = -1 if plain.startswith("-") else 1
    digits = plain.lstrip("+-").lower()
    if digits[:2] in ("0x", "0o", "0b"):
        return sign * int(digits, 0)
    return sign * int(digits, 8 if len(digits) > 1 and digits.startswith("0") else 10)
