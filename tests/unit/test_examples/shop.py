"""The example shop as plain values, so that each test reads the files in the same way."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

SHOP = Path(__file__).parents[3] / "examples" / "shop"
LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Entry:
    """One FAQ entry."""

    id: str
    question: str
    variants: tuple[str, ...]
    answer: str
    tags: tuple[str, ...]

    @property
    def topic(self) -> str:
        """The id without its language."""
        return self.id.rpartition(".")[0]

    @property
    def language(self) -> str:
        """The last part of the id."""
        return self.id.rpartition(".")[2]


@dataclass(frozen=True)
class Golden:
    """One golden question."""

    id: str
    language: str
    question: str
    answerable: bool
    sources: tuple[str, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()


def documents(file: str) -> list[dict[str, Any]]:
    """The YAML documents of a manifest."""
    return [document for document in yaml.safe_load_all((SHOP / file).read_text(encoding="utf-8")) if document]


def config_map(file: str) -> dict[str, str]:
    """The data of the one ConfigMap in a manifest."""
    (document,) = documents(file)
    data: dict[str, str] = document["data"]
    return data


@cache
def faq() -> tuple[Entry, ...]:
    """Every FAQ entry, in both languages; an unknown or missing field is a TypeError."""
    rows = [row for text in config_map("faq.yaml").values() for row in yaml.safe_load(text)]
    return tuple(Entry(**row | {"variants": tuple(row["variants"]), "tags": tuple(row["tags"])}) for row in rows)


@cache
def policies() -> dict[str, str]:
    """Markdown by ConfigMap key."""
    return config_map("policies.yaml")


@cache
def golden() -> tuple[Golden, ...]:
    """Every golden question; an unknown or missing field is a TypeError."""
    rows = yaml.safe_load(config_map("golden.yaml")["golden.yaml"])
    return tuple(
        Golden(**row | {"sources": tuple(row.get("sources", ())), "facts": tuple(map(tuple, row.get("facts", ())))})
        for row in rows
    )


def sources() -> dict[str, str]:
    """What a reader of each document learns, by citation: `<source>/<FAQ id or ConfigMap key>`."""
    return {f"faq/{entry.id}": entry.answer for entry in faq()} | {
        f"policies/{key}": page for key, page in policies().items()
    }


def normalise(text: str) -> str:
    """Lower case without white space: how golden facts are compared."""
    return "".join(text.lower().split())


def holds(text: str, alternative: str) -> bool:
    """Whether a text holds a fact, not counting a place inside a longer number ("5 days" in "15 days")."""
    fact = r"\s*".join(map(re.escape, normalise(alternative)))
    before = r"(?<!\d)(?<!\d[.,])" if fact[0].isdigit() else ""
    after = r"(?!\d)" if fact[-1].isdigit() else ""
    return re.search(before + fact + after, text.lower()) is not None
