"""Markdown pages: the front matter's title, tags and days, the first heading, and the body that will be cut."""

import re
from collections.abc import Mapping
from datetime import date

import yaml

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources import limits
from kefu_retrieval.sources.document import Page, Reading
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.tables import columns
from kefu_retrieval.sources.text import encoding, language, plain_yaml
from kefu_retrieval.sources.validity import day

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)


def parse(file: File) -> Reading:
    """Read one Markdown file.

    Raises:
        DocumentRefused: it is empty, or its front matter is broken.
    """
    text = encoding.decode(file.data)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    matter: Mapping[object, object] = {}
    found = _FRONT_MATTER.match(text)
    if found:
        matter = _matter(found.group(1))
        text = text[found.end() :]
    if not text.strip():
        raise DocumentRefused("empty; write some text or remove the file")
    heading = _HEADING.search(text)
    title = _title(matter) or (heading.group(1) if heading else file.stem)
    page = Page(
        document=file.place,
        title=title[: limits.TITLE],
        body=text,
        language=language.detect(text),
        tags=_tags(matter.get("tags")),
        valid_from=_day(matter, "validFrom"),
        valid_until=_day(matter, "validUntil"),
    )
    return Reading(pages=[page])


def _matter(text: str) -> Mapping[object, object]:
    try:
        matter = plain_yaml.load(text)
    except yaml.YAMLError as error:
        raise DocumentRefused("the front matter between the --- lines is not YAML; correct or remove it") from error
    return matter if isinstance(matter, dict) else {}


def _title(matter: Mapping[object, object]) -> str | None:
    title = matter.get("title")
    return str(title).strip() or None if title is not None else None


def _tags(tags: object) -> tuple[str, ...]:
    listed = tags if isinstance(tags, list) else columns.tags(tags) if isinstance(tags, str) else []
    return tuple(str(tag).strip()[:64] for tag in listed if str(tag).strip())[:20]


def _day(matter: Mapping[object, object], key: str) -> date | None:
    try:
        return day(matter.get(key))
    except ValueError as error:
        raise DocumentRefused(f"{key} in the front matter {error}; correct or remove it") from error
