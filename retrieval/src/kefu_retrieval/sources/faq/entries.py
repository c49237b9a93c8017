"""FAQ entries, each checked by itself so that one mistake costs one entry; and the YAML files that hold them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

import yaml
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from kefu_api import digest
from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.faults import first_fault
from kefu_retrieval.sources import limits
from kefu_retrieval.sources.document import FaqEntry, Reading
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.text import encoding, language, plain_yaml
from kefu_retrieval.sources.validity import Day

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Entry(BaseModel):
    """One entry as written."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")] | None = None
    question: Line
    variants: Annotated[list[Line], Field(max_length=50)] = []
    answer: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8_000)]
    tags: Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=64)]], Field(max_length=20)] = []
    valid_from: Annotated[Day, Field(validation_alias=AliasChoices("validFrom", "valid_from"))] = None
    valid_until: Annotated[Day, Field(validation_alias=AliasChoices("validUntil", "valid_until"))] = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise ValueError("validFrom must not be after validUntil; correct one of them")
        return self


def parse(file: File) -> Reading:
    """Read one YAML file; entries that are wrong are omitted with the field and the remedy.

    Raises:
        DocumentRefused: it is no YAML list.
    """
    if len(file.data) > limits.YAML_BYTES:
        raise DocumentRefused(f"larger than {limits.YAML_BYTES // limits.MIB} MiB; split the file")
    try:
        loaded = plain_yaml.load(encoding.decode(file.data))
    except yaml.YAMLError as error:
        raise DocumentRefused(f"not YAML: {_first_line(error)}") from error
    return entries(file, loaded)


def entries(file: File, loaded: object) -> Reading:
    """Check what a YAML or JSON file holds.

    Raises:
        DocumentRefused: it is no list.
    """
    if not isinstance(loaded, list):
        raise DocumentRefused("must be a YAML list of entries, each with question and answer")
    reading = Reading()
    for number, item in enumerate(loaded[: limits.ENTRIES], start=1):
        add(reading, file, number, item)
    if len(loaded) > limits.ENTRIES:
        reading.omit(file.place, f"{len(loaded) - limits.ENTRIES} entries beyond {limits.ENTRIES}; split the file")
    return reading


def looks_like(loaded: object) -> bool:
    """Whether a list's first item has a question and an answer."""
    first = loaded[0] if isinstance(loaded, Sequence) and not isinstance(loaded, str) and loaded else None
    return isinstance(first, Mapping) and {"question", "answer"} <= first.keys()


def add(reading: Reading, file: File, number: int, item: object) -> None:
    """Add the entry to `reading`, or omit it with the field and the remedy; `number` names it where it has no id."""
    named = item.get("id") if isinstance(item, dict) else None
    label = f"{file.source}/{named}" if isinstance(named, str) and len(named) <= 100 else f"{file.place}#{number}"
    if not isinstance(item, dict):
        reading.omit(label, "an entry must be a mapping with question and answer")
        return
    try:
        entry = Entry.model_validate(item)
    except ValidationError as error:
        reading.omit(label, first_fault(error, "entry"))
        return
    name = entry.id or digest.of_text(entry.question)[:12]
    variants = tuple(dict.fromkeys(v for v in entry.variants if v != entry.question))
    reading.entries.append(
        FaqEntry(
            document=f"{file.source}/{name}",
            question=entry.question,
            variants=variants,
            answer=entry.answer,
            tags=tuple(entry.tags),
            language=language.detect(f"{entry.question} {entry.answer}"),
            valid_from=entry.valid_from,
            valid_until=entry.valid_until,
        )
    )


def _first_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f" (line {mark.line + 1})" if mark is not None else ""
    return f"{getattr(error, 'problem', None) or 'unreadable'}{where}"
