"""The words for attributes and classes of goods that any shop knows, and the keys that a version's own columns get."""

import re
from functools import lru_cache
from importlib import resources

from kefu_retrieval.graph.phrases import Phrases, phrase
from kefu_retrieval.search import vocabulary

CATEGORY, FITS, UNFIT, MODEL, BRAND, FEATURES = "category", "fits", "unfit", "model", "brand", "features"
"""Attributes that are more than attributes: they name classes, relations and names."""
FLAGGED = (
    "waterproof", "dustproof", "shockproof", "wireless charging", "fast charging", "noise cancelling", "foldable", "magnetic",
    "bluetooth", "transparent", "cabin",
)  # fmt: skip
"""Attributes that a description states by naming them, or denies."""
_BRACKETS = re.compile(r"\s*[(（\[【].*?[)）\]】]\s*")


@lru_cache(maxsize=1)
def attributes() -> dict[str, tuple[str, ...]]:
    """Key → words, from `attributes.txt`."""
    return _read("attributes.txt")


@lru_cache(maxsize=1)
def classes() -> dict[str, tuple[str, ...]]:
    """Class → words, from `classes.txt`."""
    return _read("classes.txt")


def key_of(column: str) -> str:
    """The key of a column: of a known attribute, or the column's own words; `specs.battery` counts as `battery`."""
    bare = _BRACKETS.sub(" ", column.rsplit(".", 1)[-1].replace("_", " "))
    known = _keys().exactly(bare)
    return known[0] if known else phrase(bare)


def class_of(name: str) -> str:
    """The class that `name` names: a known one, or one of its own."""
    known = known_classes().exactly(name)
    return known[0] if known else phrase(name)


@lru_cache(maxsize=1)
def _keys() -> Phrases[str]:
    return Phrases((word, key) for key, words in attributes().items() for word in words)


@lru_cache(maxsize=1)
def known_classes() -> Phrases[str]:
    """The words for classes that any shop has, and the class of each."""
    return Phrases((word, name) for name, words in classes().items() for word in words)


@lru_cache(maxsize=1)
def flagged() -> Phrases[str]:
    """The words for attributes that are stated by being named, and the key of each."""
    return Phrases((word, key) for key in FLAGGED for word in attributes()[key])


def _read(name: str) -> dict[str, tuple[str, ...]]:
    text = (resources.files("kefu_retrieval.graph") / name).read_text(encoding="utf-8")
    return {words[0]: tuple(words) for words in vocabulary.parse(text)}
