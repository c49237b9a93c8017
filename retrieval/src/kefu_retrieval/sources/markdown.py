"""Markdown pages: the front matter's title, the first heading, and the body that will be cut."""

import re

import yaml

from kefu_retrieval.sources import language, plain_yaml
from kefu_retrieval.sources.document import Page, Reading

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
MAX_TITLE = 300


def parse(source: str, file: str, text: str) -> Reading:
    """Read one Markdown file of `source`; an empty one, or one with broken front matter, is omitted."""
    reading = Reading()
    place = f"{source}/{file}"
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    title: str | None = None
    matter = _FRONT_MATTER.match(text)
    if matter:
        try:
            title = _title(plain_yaml.load(matter.group(1)))
        except yaml.YAMLError:
            reading.omit(place, "the front matter between the --- lines is not YAML; correct or remove it")
            return reading
        text = text[matter.end() :]
    if not text.strip():
        reading.omit(place, "empty; write some text or remove the file")
        return reading
    heading = _HEADING.search(text)
    title = title or (heading.group(1) if heading else file.removesuffix(".md"))
    reading.pages.append(Page(place, title[:MAX_TITLE], text, language.detect(text)))
    return reading


def _title(matter: object) -> str | None:
    title = matter.get("title") if isinstance(matter, dict) else None
    return str(title).strip() or None if title is not None else None
