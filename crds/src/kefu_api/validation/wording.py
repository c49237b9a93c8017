"""Pydantic's errors as sentences that name the remedy."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from kefu_api.source.document import Path
from kefu_api.validation.expectation import expectation, node_at

_WIDEST = 60
"""Longest value, in characters, that a message repeats."""
_USER_INFO = re.compile(r"//[^/@\s]*@")


def sentences(kind: str, error: ValidationError) -> Iterator[tuple[Path, str]]:
    """The path and the message of every error of one object of that kind."""
    for item in error.errors(include_url=False):
        path = tuple(step for step in item["loc"] if step != "[key]")
        if item["type"] == "too_short" and _is_long_enough(kind, path, item["input"]):
            continue  # pydantic counts only the entries that are valid themselves
        for message in _messages(kind, path, item):
            yield path, message


def _is_long_enough(kind: str, path: Path, value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) >= node_at(kind, path).get("minItems", 1)


def _messages(kind: str, path: Path, item: Mapping[str, Any]) -> list[str]:
    match item["type"]:
        case "rule":
            return list(item["ctx"]["broken"])
        case "extra_forbidden":
            return [_unknown(kind, path)]
        case "missing":
            return [_required(kind, path)]
        case "shape":
            wanted = item["ctx"]["remedy"]
        case "literal_error":
            wanted = f"must be {_one_of(item['ctx']['expected'])}"
        case _:
            wanted = expectation(node_at(kind, path)) or _plain(item["msg"])
    return [f"{wanted}, got {_shown(path, item['input'])}{_hint(item)}"]


def _unknown(kind: str, path: Path) -> str:
    known = list(node_at(kind, path[:-1]).get("properties", ()))
    meant = closest(str(path[-1]), known)
    if meant:
        return f"unknown field; did you mean {meant}?"
    return f"unknown field; {'known are ' + ', '.join(known) if known else 'there are none here: remove it'}"


def _required(kind: str, path: Path) -> str:
    node = node_at(kind, path)
    wanted = expectation(node)
    described = f": {node['description'].rstrip('.')}" if node.get("description") else ""
    return f"is required{'; it ' + wanted if wanted else ''}{described}"


def _one_of(expected: str) -> str:
    values = re.findall(r"'([^']*)'", expected)
    return f"one of {', '.join(values)}" if len(values) > 1 else values[0]


def _hint(item: Mapping[str, Any]) -> str:
    value = item["input"]
    if item["type"] == "literal_error" and isinstance(value, str):
        values = re.findall(r"'([^']*)'", item["ctx"]["expected"])
        meant = closest(value, values) if len(values) > 1 else None
        return f"; did you mean {meant}?" if meant else ""
    if item["type"] == "string_type" and isinstance(value, bool | int | float):
        return "; put it in quotes"
    if item["type"] == "int_type" and isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]+", value):
        return "; remove the quotes"
    if item["type"] == "tuple_type" and value is not None:
        return "; start each entry with '-'"
    return ""


def _plain(message: str) -> str:
    return message.replace("Input should be", "must be").replace("Dictionary", "must be an object")


def _shown(path: Path, value: Any) -> str:
    """The value for people: shortened, and never a secret that stands where only its name should."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if any(str(step).lower().endswith(("secret", "secretkey")) for step in path):
        return "a value that is not shown here"
    text = value if isinstance(value, str) else None
    shown = json.dumps(_USER_INFO.sub("//…@", text) if text is not None else value, ensure_ascii=False, default=str)
    return shown if len(shown) <= _WIDEST else f"{shown[:_WIDEST]}… ({len(shown)} characters)"


def closest(word: str, known: list[str], cutoff: float = 0.7) -> str | None:
    """The known word that was probably meant: equal but for case and dashes, nearly equal, or longer or shorter."""
    bare = {_bare(name): name for name in known}
    if _bare(word) in bare:
        return bare[_bare(word)]
    near = difflib.get_close_matches(_bare(word), bare, n=1, cutoff=cutoff)
    if near:
        return bare[near[0]]
    starts = [bare[name] for name in bare if name.startswith(_bare(word)) or _bare(word).startswith(name)]
    return starts[0] if len(starts) == 1 and len(word) > 1 else None


def _bare(word: str) -> str:
    return word.replace("_", "").replace("-", "").lower()
