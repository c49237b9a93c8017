"""Questions with known documents, of data that nobody here wrote: read where `KEFU_DATASETS` points, never copied."""

import gzip
import json
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kefu_api import digest
from tests.benchmarks.errors import Unavailable
from tests.benchmarks.machine import ROOT

SALEOR_QUERIES = 300
LETTERS = 60
LETTER_QUESTIONS = 8
LETTER_SEED = 7
_HEADING = re.compile(r"^#{2,4} +(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """What is searched; `text` is Markdown."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Query:
    """What is asked, and the documents that answer it."""

    text: str
    gold: frozenset[str]


@dataclass(frozen=True)
class QualitySet:
    """One set; `depth` is the k of its recall@k."""

    name: str
    depth: int
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]

    def sample(self, limit: int) -> "QualitySet":
        """The same with at most `limit` queries, taken evenly."""
        step = max(1, -(-len(self.queries) // limit))
        return QualitySet(self.name, self.depth, self.documents, self.queries[::step])


def load(name: str) -> QualitySet:
    """The set of that name. Raises Unavailable when its files are not here."""
    return SETS[name]()


def _tau2_banking() -> QualitySet:
    """698 policy documents; the whole scenario of a task is the query, its required documents are the answer."""
    documents = tuple(
        Document(entry["id"], entry["title"], entry["content"]) for entry in _lines("tau2-banking/documents.jsonl.gz")
    )
    queries = tuple(
        Query(task["user_scenario"]["instructions"], frozenset(task["required_documents"]))
        for task in _lines("tau2-banking/tasks.dev.jsonl.gz")
    )
    return QualitySet("tau2-banking", 10, documents, queries)


def _cmrc() -> QualitySet:
    """Chinese passages, each with about four questions that it answers; one of the set's questions is empty, and is left out."""
    articles = json.loads(_text("cmrc2018/trial.json.gz"))["data"]
    passages = [paragraph for article in articles for paragraph in article["paragraphs"]]
    documents = tuple(Document(passage["id"], "", passage["context"]) for passage in passages)
    queries = tuple(
        Query(entry["question"], frozenset({passage["id"]}))
        for passage in passages
        for entry in passage["qas"]
        if entry["question"].strip()
    )
    return QualitySet("cmrc2018", 5, documents, queries)


def _saleor() -> QualitySet:
    """Guides of an online shop's documentation; a query is a section's heading, which was taken out of its page."""
    pages = [page for page in _lines("saleor-docs/pages.jsonl.gz") if "api-reference" not in page["path"]]
    counts = Counter(heading for page in pages for heading in _HEADING.findall(page["text"]))
    telling = {heading for heading, count in counts.items() if count == 1 and len(heading.split()) >= 4}
    asked = set(sorted(telling, key=digest.of_text)[:SALEOR_QUERIES])
    documents, queries = [], []
    for page in pages:
        found = [heading for heading in _HEADING.findall(page["text"]) if heading in asked]
        queries += [Query(heading, frozenset({page["path"]})) for heading in found]
        body = _HEADING.sub(lambda match: "" if match[1] in asked else match[0], page["text"])
        documents.append(Document(page["path"], _title(page["text"]), body))
    return QualitySet("saleor-docs", 5, tuple(documents), tuple(queries))


def letters(asked: QualitySet) -> QualitySet:
    """The same documents; a query is eight of the set's in one text, and needs the documents of all of them."""
    chance = random.Random(LETTER_SEED)  # noqa: S311
    drawn = (chance.sample(asked.queries, LETTER_QUESTIONS) for _ in range(LETTERS))
    queries = tuple(
        Query(" ".join(_asking(each.text) for each in held), frozenset().union(*(each.gold for each in held)))
        for held in drawn
    )
    return QualitySet(f"{asked.name}, {LETTER_QUESTIONS} in one", 10, asked.documents, queries)


def _asking(text: str) -> str:
    return text if text.endswith(("？", "?", "。", ".", "!")) else f"{text}?"


def _title(text: str) -> str:
    found = re.search(r"^title: *(.+)$", text, re.MULTILINE)
    return found[1].strip("\"' ") if found else ""


def _lines(file: str) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in _text(file).splitlines())


def _text(file: str) -> str:
    path = Path(os.environ.get("KEFU_DATASETS") or ROOT.parent / "shared" / "datasets") / file
    if not path.is_file():
        raise Unavailable(f"{path} is not here; set KEFU_DATASETS to the folder that holds {file}")
    return gzip.decompress(path.read_bytes()).decode()


SETS: dict[str, Callable[[], QualitySet]] = {
    "tau2-banking": _tau2_banking,
    "cmrc2018": _cmrc,
    "saleor-docs": _saleor,
    "cmrc2018-letters": lambda: letters(_cmrc()),
    "saleor-docs-letters": lambda: letters(_saleor()),
}
