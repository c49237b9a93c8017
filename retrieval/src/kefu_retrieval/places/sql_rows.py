"""Rows into files: FAQ entries in shards by their id, so that a changed row changes one small file; pages one by one."""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, datetime

from kefu_retrieval.errors import PlaceInvalid
from kefu_retrieval.places import names
from kefu_retrieval.places.gathering import About, Gathering

MAX_ENTRIES = 200_000
MAX_ENTRY_BYTES = 256 * 1024**2
"""FAQ rows are held in memory until all are there."""
_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
_AWKWARD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""What YAML reads as line breaks or refuses."""

Row = Mapping[str, object]


async def faq(rows: AsyncIterator[Row], gathering: Gathering) -> None:
    """Columns id, question, answer; if there are any also variants, tags (arrays, JSON or one a line), validFrom and
    validUntil (snake_case too).

    Raises:
        PlaceInvalid: a column is missing, or the rows are too many.
    """
    shards: dict[str, list[str]] = {}
    entries = held = 0
    async for row in rows:
        _need(row, "id", "question", "answer")
        line = _entry(row)
        held += len(line)
        if held > MAX_ENTRY_BYTES:
            raise PlaceInvalid(f"the query gives more than {MAX_ENTRY_BYTES // 1024**2} MiB; narrow it")
        shard = hashlib.sha256(str(row["id"]).encode()).hexdigest()[:2]
        shards.setdefault(shard, []).append(line)
        entries += 1
        if entries > MAX_ENTRIES:
            raise PlaceInvalid(f"the query gives more than {MAX_ENTRIES} rows; narrow it, or split the source")
    for shard, lines in sorted(shards.items()):
        await _write(gathering, f"rows-{shard}.json", "[\n" + ",\n".join(sorted(lines)) + "\n]\n")


async def pages(rows: AsyncIterator[Row], gathering: Gathering) -> None:
    """Columns id and body (Markdown), and title if there is one.

    Raises:
        PlaceInvalid: a column is missing.
    """
    async for row in rows:
        _need(row, "id", "body")
        name = f"{_id(row)}.md"
        if row["body"] is None:
            gathering.leave_out(name, "its body is null; write one, or leave the row out of the query")
            continue
        title = row.get("title")
        head = f"---\ntitle: {_json(' '.join(str(title).split()))}\n---\n" if title else ""
        await _write(gathering, name, f"{head}{row['body']}")


async def _write(gathering: Gathering, name: str, text: str) -> None:
    content = text.encode(errors="replace")
    mark = hashlib.sha256(content).hexdigest()
    held = gathering.known(name)
    if not (held and held.mark == mark and gathering.keep(name)):
        await gathering.receive_whole(name, content, About(mark=mark))


def _need(row: Row, *columns: str) -> None:
    missing = [column for column in columns if column not in row]
    if missing:
        raise PlaceInvalid(
            f"the query gives no column {' or '.join(missing)} (it gives: {', '.join(row)[:300]}); name it with `as`"
        )


def _id(row: Row) -> str:
    text = str(row["id"])
    if _ID.fullmatch(text) and not text.startswith(".") and names.check(text) is None:
        return text
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:20]


def _entry(row: Row) -> str:
    """An entry of a FAQ file; an empty field is kept, so that the reader of the file names it."""
    entry: dict[str, object] = {
        "id": _id(row),
        "question": _plain(row["question"]),
        "answer": _plain(row["answer"]),
        "variants": list(_several(row.get("variants"))),
        "tags": list(_several(row.get("tags"))),
    }
    for ours, theirs in (("validFrom", "valid_from"), ("validUntil", "valid_until")):
        value = row.get(ours, row.get(theirs))
        if value is not None:
            entry[ours] = value.date().isoformat() if isinstance(value, datetime) else _plain(value)
    return _json({name: value for name, value in entry.items() if value not in ([], None)})


def _several(value: object) -> Iterator[str]:
    """The texts of an array, of a JSON array, or of lines."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            value = str(value)
    if isinstance(value, str):
        value = value.splitlines()
    if isinstance(value, list | tuple):
        yield from (text for each in value if each is not None and (text := str(each).strip()))


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None else str(value)


def _json(value: object) -> str:
    return _AWKWARD.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
