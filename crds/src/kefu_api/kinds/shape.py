"""Strings of a fixed shape, with one sentence that both judges say when a value does not fit."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

LIST_TYPE = "x-kubernetes-list-type"
LIST_KEYS = "x-kubernetes-list-map-keys"
RULES = "x-kubernetes-validations"
INT_OR_STRING = "x-kubernetes-int-or-string"

ATOMIC: dict[str, Any] = {LIST_TYPE: "atomic"}
SET: dict[str, Any] = {LIST_TYPE: "set"}
BY_NAME: dict[str, Any] = {LIST_TYPE: "map", LIST_KEYS: ["name"]}
BY_TYPE: dict[str, Any] = {LIST_TYPE: "map", LIST_KEYS: ["type"]}


@dataclass(frozen=True)
class Shape:
    """Annotation of a string: its patterns, its lengths, and what to say.

    Patterns must mean the same to Rust (pydantic) and to RE2 (the API server): no `\\s`, `\\w` or `\\d`, which are Unicode
    classes in one and ASCII in the other, and no look-around.
    """

    message: str
    """Completes "the field …", e.g. "must be a duration such as 5m"."""
    patterns: tuple[str, ...]
    """All must match."""
    max_length: int
    """In characters."""
    min_length: int = 1
    """In characters."""
    whole_numbers: bool = False
    """Whether a bare integer may stand for its digits (`cpu: 2`)."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Strict string that fulfils all patterns."""
        steps: list[CoreSchema] = [
            core_schema.str_schema(strict=True, pattern=pattern, min_length=self.min_length, max_length=self.max_length)
            for pattern in self.patterns
        ]
        return core_schema.no_info_wrap_validator_function(self._judge, core_schema.chain_schema(steps))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The API server's half: lengths, and a CEL rule that says the sentence.

        There is no `pattern` beside the rule: the API server would print both, and the user would read the regex first.
        """
        lengths = {"minLength": self.min_length, "maxLength": self.max_length}
        rule = {RULES: [{"rule": self.cel("self"), "message": self.message}]}
        if not self.whole_numbers:
            return {"type": "string", **lengths, **rule}
        either = {"anyOf": [{"type": "integer"}, {"type": "string"}], INT_OR_STRING: True}
        return {**either, **lengths, **rule}

    def cel(self, name: str) -> str:
        """CEL that is true where the value called `name` fits."""
        text = f"string({name})" if self.whole_numbers else name
        return " && ".join(f"{text}.matches(r'{pattern}')" for pattern in self.patterns)

    def _judge(self, value: Any, inner: core_schema.ValidatorFunctionWrapHandler) -> Any:
        whole = self.whole_numbers and isinstance(value, int) and not isinstance(value, bool)
        try:
            return inner(str(value) if whole else value)
        except ValidationError as error:
            raise PydanticCustomError("shape", "{remedy}", {"remedy": self.message}) from error
