"""The golden set: questions with the documents that answer them and the facts that a right answer holds."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from kefu_pipelines.evaluation.errors import GoldenInvalid

KEY = "golden.yaml"
"""Key of the ConfigMap that holds the set."""


class Question(BaseModel):
    """One golden question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    language: Literal["zh", "en"]
    question: Annotated[str, Field(min_length=1)]
    answerable: bool
    sources: tuple[str, ...] = ()
    """Documents any of which holds the answer."""
    facts: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...] = ()
    """Groups of ways to write a value; a right answer holds one of each group."""

    @model_validator(mode="after")
    def _has_what_scoring_needs(self) -> Self:
        if self.answerable and not (self.sources and self.facts):
            raise ValueError(f"{self.id}: an answerable question needs sources and facts")
        return self


def load(file: Path) -> tuple[Question, ...]:
    """Read a golden set: a ConfigMap with the key `golden.yaml`, or the bare list.

    Raises:
        GoldenInvalid: the file is missing, is no YAML, or holds no such set.
    """
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            content = yaml.safe_load(content["data"][KEY])
        questions = TypeAdapter(tuple[Question, ...]).validate_python(content)
    except OSError as error:
        raise GoldenInvalid(f"{file} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise GoldenInvalid(
            f"{file} holds no golden set (a list, or a ConfigMap with the key {KEY}): {error}"
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise GoldenInvalid(f"{file}: {place}: {first['msg']}") from error
    if not questions:
        raise GoldenInvalid(f"{file}: the golden set is empty")
    return questions
