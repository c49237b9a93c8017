"""The one base of all models, so that every document is frozen, camelCase and closed to unknown fields."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A frozen value with camelCase names outside and snake_case names inside; unknown fields are errors."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        # Most are only ever parsed as parts of others, and need no validator of their own.
        defer_build=True,
    )

    def to_json(self) -> str:
        """The document as stable, readable JSON: the same value always gives the same bytes."""
        return self.model_dump_json(by_alias=True, exclude_none=True, indent=2)
