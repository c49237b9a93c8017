"""Rows of a real PostgreSQL and a real MariaDB."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
import pytest
from hack.ports import free_port

from kefu_api.documents.fetch import SqlPlace
from tests.integration.test_places.servers import mariadb, postgres
from tests.integration.test_places.world import bring, current, seen

QUERY = "select id, question, answer, tags, updated_at from faq"
FINGERPRINT = "select count(*) as n, max(updated_at) as at from faq"


@dataclass
class Database:
    """A database to read, and how its owner writes to it."""

    dsn: str
    run: Callable[[str], Awaitable[None]]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Database]]:
    with postgres() as dsn, mariadb() as (mysql, sql):

        async def run_postgres(statement: str) -> None:
            connection = await asyncpg.connect(dsn)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        async def run_mariadb(statement: str) -> None:
            sql(f"USE shop; {statement}")

        yield {"postgresql": Database(dsn, run_postgres), "mysql": Database(mysql, run_mariadb)}


@pytest.fixture(params=["postgresql", "mysql"])
async def database(request: pytest.FixtureRequest, servers: dict[str, Database]) -> AsyncIterator[Database]:
    found = servers[request.param]
    await found.run("drop table if exists faq")
    await found.run(
        "create table faq (id varchar(40) primary key, question text, answer text, tags text, updated_at timestamp)"
    )
    await found.run(
        "insert into faq values ('1', '能退货吗?', '七天内可以。', '[\"售后\"]', '2026-11-01 00:00:00'),"
        " ('2', 'How long is shipping?', 'Three days.', NULL, '2026-11-01 00:00:00')"
    )
    yield found


def of(database: Database, folder: Path, dsn: str | None = None, **settings: str) -> SqlPlace:
    file = folder / "dsn"
    file.write_text(dsn or database.dsn)
    return SqlPlace.model_validate({"dsn_file": str(file), "query": QUERY, "rows": "FAQ", **settings})


def entries(volume: Path) -> dict[str, dict[str, object]]:
    return {entry["id"]: entry for text in seen(volume).values() for entry in json.loads(text)}


async def test_rows_are_entries_and_only_changed_ones_are_written(database: Database, tmp_path: Path) -> None:
    place = of(database, tmp_path)
    first = await bring(tmp_path, place)
    assert first.reason is None, first.message
    assert entries(tmp_path) == {
        "1": {"id": "1", "question": "能退货吗?", "answer": "七天内可以。", "tags": ["售后"]},
        "2": {"id": "2", "question": "How long is shipping?", "answer": "Three days."},
    }
    assert (await bring(tmp_path, place)).received == 0
    await database.run("update faq set answer = 'Two days.' where id = '2'")
    changed = await bring(tmp_path, place)
    assert changed.received == 1 and entries(tmp_path)["2"]["answer"] == "Two days."
    await database.run("delete from faq where id = '1'")
    await bring(tmp_path, place)
    assert set(entries(tmp_path)) == {"2"}


async def test_while_the_fingerprint_stands_no_row_is_read(database: Database, tmp_path: Path) -> None:
    place = of(database, tmp_path, fingerprint=FINGERPRINT)
    await bring(tmp_path, place)
    before = current(tmp_path)
    await database.run("update faq set answer = 'unseen' where id = '2'")
    await database.run("update faq set updated_at = '2026-11-01 00:00:00'")
    assert (await bring(tmp_path, place)).digest == before.digest, "the fingerprint did not change"
    await database.run("update faq set updated_at = '2026-11-02 00:00:00' where id = '2'")
    assert (await bring(tmp_path, place)).received == 1
    assert entries(tmp_path)["2"]["answer"] == "unseen"


async def test_rows_are_pages(database: Database, tmp_path: Path) -> None:
    query = "select id, question as title, answer as body from faq"
    await bring(tmp_path, of(database, tmp_path, query=query, rows="Markdown"))
    assert seen(tmp_path)["2.md"] == '---\ntitle: "How long is shipping?"\n---\nThree days.'


@pytest.mark.parametrize(
    "query", ["delete from faq", "insert into faq (id) values ('3')", "update faq set answer = 'hacked'"]
)
async def test_nothing_can_be_written(database: Database, tmp_path: Path, query: str) -> None:
    returning = f"{query} returning id, question, answer" if "postgresql" in database.dsn else query
    failed = await bring(tmp_path, of(database, tmp_path, query=returning))
    assert failed.reason is not None and failed.reason.startswith("Place") and not failed.temporary, failed.message
    assert (await bring(tmp_path / "after", of(database, tmp_path))).files == 2
    assert entries(tmp_path / "after")["2"]["answer"] == "Three days."


async def test_what_is_wrong_is_told(database: Database, tmp_path: Path) -> None:
    port = urlsplit(database.dsn).port
    away = database.dsn.replace(f":{port}/", f":{free_port()}/")
    cases = [
        (of(database, tmp_path, query="select * from nothing"), "PlaceMissing", False),
        (of(database, tmp_path, query="selekt 1"), "PlaceInvalid", False),
        (of(database, tmp_path, query="select id, question from faq"), "PlaceInvalid", False),
        (of(database, tmp_path, query="select id, question, answer from faq where id = 'none'"), "PlaceMissing", False),
    ]
    for place, reason, temporary in cases:
        failed = await bring(tmp_path, place)
        assert (failed.reason, failed.temporary) == (reason, temporary), failed.message
    for dsn, reason, temporary in [
        (database.dsn.replace("pa55word", "wr0ng"), "PlaceForbidden", False),
        (away, "PlaceUnreachable", True),
    ]:
        failed = await bring(tmp_path, of(database, tmp_path, dsn))
        assert (failed.reason, failed.temporary) == (reason, temporary), failed.message
        assert "wr0ng" not in (failed.message or "") and "pa55word" not in (failed.message or "")
    refused = await bring(tmp_path, of(database, tmp_path), loopback=False)
    assert refused.reason == "AddressRefused"


async def test_thousands_of_rows_travel(database: Database, tmp_path: Path) -> None:
    values = ",".join(f"('r{n}', 'question {n}', 'answer {n}', NULL, '2026-11-01 00:00:00')" for n in range(3000))
    await database.run(f"insert into faq values {values}")  # noqa: S608
    fetched = await bring(tmp_path, of(database, tmp_path))
    assert fetched.reason is None and len(entries(tmp_path)) == 3002 and fetched.files <= 256
    await database.run("update faq set answer = 'new' where id = 'r7'")
    assert (await bring(tmp_path, of(database, tmp_path))).received == 1
