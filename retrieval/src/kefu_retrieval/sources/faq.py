"""FAQ files: a YAML list of entries, each checked by itself so that one mistake costs one entry."""

from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from kefu_api import digest
from kefu_retrieval.sources import language, plain_yaml
from kefu_retrieval.sources.document import FaqEntry, Reading

MAX_ENTRIES = 20_000

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Entry(BaseModel):
    """One entry as written."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")] | None = None
    question: Line
    variants: Annotated[list[Line], Field(max_length=50)] = []
    answer: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8_000)]
    tags: Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=64)]], Field(max_length=20)] = []


def parse(source: str, file: str, text: str) -> Reading:
    """Read one FAQ file of `source`; entries that are wrong are omitted with the field and the remedy."""
    reading = Reading()
    place = f"{source}/{file}"
    try:
        loaded = plain_yaml.load(text)
    except yaml.YAMLError as error:
        reading.omit(place, f"not YAML: {_first_line(error)}")
        return reading
    if not isinstance(loaded, list):
        reading.omit(place, "must be a YAML list of entries, each with question and answer")
        return reading
    for number, item in enumerate(loaded[:MAX_ENTRIES], start=1):
        _add(reading, source, place, number, item)
    if len(loaded) > MAX_ENTRIES:
        reading.omit(place, f"{len(loaded) - MAX_ENTRIES} entries beyond {MAX_ENTRIES}; split the file")
    return reading


def _add(reading: Reading, source: str, place: str, number: int, item: object) -> None:
    named = item.get("id") if isinstance(item, dict) else None
    label = f"{source}/{named}" if isinstance(named, str) and len(named) <= 100 else f"{place}#{number}"
    if not isinstance(item, dict):
        reading.omit(label, "an entry must be a mapping with question and answer")
        return
    try:
        entry = Entry.model_validate(item)
    except ValidationError as error:
        reading.omit(label, _explain(error))
        return
    name = entry.id or digest.of_text(entry.question)[:12]
    variants = tuple(dict.fromkeys(v for v in entry.variants if v != entry.question))
    reading.entries.append(
        FaqEntry(
            document=f"{source}/{name}",
            question=entry.question,
            variants=variants,
            answer=entry.answer,
            tags=tuple(entry.tags),
            language=language.detect(f"{entry.question} {entry.answer}"),
        )
    )


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "entry"
    return f"{field}: {first['msg']}"


def _first_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f" (line {mark.line + 1})" if mark is not None else ""
    return f"{getattr(error, 'problem', None) or 'unreadable'}{where}"
