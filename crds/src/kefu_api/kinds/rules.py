"""Rules across fields, written once for both judges: as CEL for the API server and as Python for everyone else.

A model lists its rules in `RULES`; the base class runs the Python half, and the CRD generator writes the CEL half into
`x-kubernetes-validations`. The shared corpus of objects proves that the two halves agree.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from kefu_api.base import Model
from kefu_api.kinds.part import Part
from kefu_api.kinds.shape import RULES


@dataclass(frozen=True)
class Rule:
    """One condition a value must fulfil."""

    cel: str
    """CEL over `self`; true means valid."""
    holds: Callable[[Any], bool]
    """The same over the parsed model."""
    message: str
    """Names the field and the remedy."""


class Ruled(Part):
    """A model whose `RULES` are checked after its fields."""

    RULES: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _obey_rules(self) -> Self:
        broken = [rule.message for rule in self.RULES if not rule.holds(self)]
        if broken:
            raise PydanticCustomError("rule", "{remedy}", {"remedy": "; ".join(broken), "broken": broken})
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The model's schema with its rules in CEL."""
        node = handler(schema)
        rules = [{"rule": rule.cel, "message": rule.message} for rule in cls.RULES]
        if rules:
            handler.resolve_ref_schema(node)[RULES] = rules
        return node


def exactly_one_of(*names: str, remedy: str) -> Rule:
    """Exactly one of the fields (named as in YAML) is set."""
    count = " + ".join(f"(has(self.{name}) ? 1 : 0)" for name in names)
    return Rule(
        f"{count} == 1", lambda value: _count_set(value, names) == 1, _sentence("exactly", names, "must", remedy)
    )


def at_most_one_of(*names: str, remedy: str) -> Rule:
    """No two of the fields (named as in YAML) are set together."""
    count = " + ".join(f"(has(self.{name}) ? 1 : 0)" for name in names)
    return Rule(
        f"{count} <= 1", lambda value: _count_set(value, names) <= 1, _sentence("at most", names, "may", remedy)
    )


def unique(name: str, remedy: str) -> Rule:
    """No two entries of the list of strings are equal."""
    return Rule(
        f"self.{name}.all(a, self.{name}.exists_one(b, a == b))",
        lambda value: len(set(getattr(value, name))) == len(getattr(value, name)),
        f"{name} must differ from each other: {remedy}",
    )


def unique_names(name: str, remedy: str) -> Rule:
    """No two entries of the list have the same `name`."""
    return Rule(
        f"self.{name}.all(a, self.{name}.exists_one(b, a.name == b.name))",
        lambda value: len({entry.name for entry in getattr(value, name)}) == len(getattr(value, name)),
        f"names of {name} must differ from each other: {remedy}",
    )


_V1 = re.compile(r"/v1/?$")

NO_V1 = Rule(
    "!self.url.matches('/v1/?$')",
    lambda endpoint: not _V1.search(endpoint.url),
    "url is the base, to which Kefu adds /v1: remove /v1 from its end",
)
"""For OpenAI-compatible servers."""


def _count_set(value: Model, names: tuple[str, ...]) -> int:
    by_alias = {field.alias or name: name for name, field in type(value).model_fields.items()}
    return sum(getattr(value, by_alias[name]) is not None for name in names)


def _sentence(bound: str, names: tuple[str, ...], verb: str, remedy: str) -> str:
    return f"{bound} one of {', '.join(names)} {verb} be set: {remedy}"
