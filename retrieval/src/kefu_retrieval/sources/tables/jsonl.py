"""JSON records: one object a line, or a list of objects."""

import json
from collections.abc import Iterator

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources import limits
from kefu_retrieval.sources.document import Omission, Reading
from kefu_retrieval.sources.faq import entries
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.omitted import bounded
from kefu_retrieval.sources.tables import records
from kefu_retrieval.sources.tables.table import Row
from kefu_retrieval.sources.text import encoding

_DEPTH = 5


def parse(file: File) -> Reading:
    """Records; or FAQ entries, where the first record has a question and an answer and the source declares no columns.

    Raises:
        DocumentRefused: there is no record.
    """
    items = _items(file)
    if entries.looks_like([item for _, item in items[:1]]) and file.columns is None:
        return _entries(file, items)
    return _records(file, items)


def parse_records(file: File) -> Reading:
    """A record a document.

    Raises:
        DocumentRefused: there is no record.
    """
    return _records(file, _items(file))


def parse_faq(file: File) -> Reading:
    """A record an FAQ entry.

    Raises:
        DocumentRefused: there is no record.
    """
    return _entries(file, _items(file))


def _entries(file: File, items: list[tuple[int, object]]) -> Reading:
    reading = Reading()
    for number, item in items[: limits.ENTRIES]:
        entries.add(reading, file, number, item)
    return bounded(reading, file, max(0, len(items) - limits.ENTRIES))


def _records(file: File, items: list[tuple[int, object]]) -> Reading:
    rows, wrong = [], []
    for number, item in items[: limits.ENTRIES]:
        if isinstance(item, dict):
            rows.append(Row(number, dict(_flat(item))))
        else:
            wrong.append(
                Omission(f"{file.place}#{number}", 'must be a JSON object such as {"title": …}; correct the line')
            )
    names = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    reading = records.parse(file, names, rows, max(0, len(items) - limits.ENTRIES))
    reading.omissions[:0] = wrong
    return bounded(reading, file)


def _items(file: File) -> list[tuple[int, object]]:
    text = encoding.decode(file.data).strip()
    if not text:
        raise DocumentRefused("empty; give one JSON object a line")
    if text.startswith("["):
        whole = _load(text)
        if isinstance(whole, list):
            return list(enumerate(whole, start=1))
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    found = [(number, _load(line)) for number, line in lines]
    if all(item is None for _, item in found):
        whole = _load(text)
        if isinstance(whole, dict):
            return [(1, whole)]
        raise DocumentRefused("holds no JSON object; give one a line")
    return found


def _load(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _flat(value: object, name: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Dotted names and texts of an object's leaves; lists of plain values are joined."""
    if isinstance(value, dict) and depth < _DEPTH:
        for key, held in list(value.items())[: limits.COLUMNS]:
            yield from _flat(held, f"{name}.{key}" if name else str(key), depth + 1)
        return
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        value = ", ".join(_scalar(item) for item in value)
    text = (_scalar(value) if not isinstance(value, dict | list) else json.dumps(value, ensure_ascii=False)).strip()
    if text and name:
        yield name, text


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
