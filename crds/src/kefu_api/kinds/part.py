"""The base of all parts of the kinds: a model that judges a document as the API server does, no laxer and no stricter."""

from functools import cache
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, model_validator

from kefu_api.base import Model


class Part(Model):
    """A part of a kind.

    The API server drops a null where a field is known, so that the default takes its place; it takes `2.0` for 2; and it
    coerces nothing else. Python code may build a part by snake_case names; a document may not use them.
    """

    model_config = ConfigDict(strict=True)

    EXACT: ClassVar[frozenset[str]] = frozenset()
    """Fields for which 2.0 is not taken for 2."""

    @model_validator(mode="before")
    @classmethod
    def _read_as_the_api_server(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        known = _names(cls)
        present = {key: item for key, item in value.items() if item is not None or key not in known}
        return {key: item if key in cls.EXACT else _plain(item) for key, item in present.items()}

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """As pydantic's, but snake_case names are unknown fields.

        Raises:
            pydantic.ValidationError: the value does not fit; `kefu_api.validation` words the errors for people.
        """
        return super().model_validate(obj, **{"by_alias": True, "by_name": False, **options})


@cache
def _names(part: type[Part]) -> frozenset[str]:
    """Of its fields, in Python and in documents."""
    return frozenset(part.model_fields) | {field.alias for field in part.model_fields.values() if field.alias}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
