"""Rules across fields, written once for both judges: as CEL for the API server and as Python for everyone else.

A model lists its rules in `RULES`; the base class runs the Python half, and the CRD generator writes the CEL half into
`x-kubernetes-validations`. The shared corpus of objects proves that the two halves agree.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import model_validator

from kefu_api.base import Model


@dataclass(frozen=True)
class Rule:
    """One condition a value must fulfil."""

    cel: str
    """CEL over `self`; true means valid."""
    holds: Callable[[Any], bool]
    """The same over the parsed model."""
    message: str
    """Names the field and the remedy."""


class Ruled(Model):
    """A model whose `RULES` are checked after its fields."""

    RULES: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _obey_rules(self) -> Self:
        broken = [rule.message for rule in self.RULES if not rule.holds(self)]
        if broken:
            raise ValueError("; ".join(broken))
        return self


def exactly_one_of(*names: str, remedy: str) -> Rule:
    """Exactly one of the fields (named as in YAML) is set."""
    count = " + ".join(f"(has(self.{name}) ? 1 : 0)" for name in names)
    return Rule(f"{count} == 1", lambda value: _count_set(value, names) == 1, _sentence("exactly one", names, remedy))


def at_most_one_of(*names: str, remedy: str) -> Rule:
    """No two of the fields (named as in YAML) are set together."""
    count = " + ".join(f"(has(self.{name}) ? 1 : 0)" for name in names)
    return Rule(f"{count} <= 1", lambda value: _count_set(value, names) <= 1, _sentence("at most one", names, remedy))


def _count_set(value: Model, names: tuple[str, ...]) -> int:
    by_alias = {field.alias or name: name for name, field in type(value).model_fields.items()}
    return sum(getattr(value, by_alias[name]) is not None for name in names)


def _sentence(how_many: str, names: tuple[str, ...], remedy: str) -> str:
    return f"{how_many} of {', '.join(names)} may be set: {remedy}"
