"""MySQL and MariaDB, read row by row inside a read-only transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kefu_retrieval.errors import RetrievalError
from kefu_retrieval.places import sql_failure
from kefu_retrieval.places.sql_address import SqlAddress
from kefu_retrieval.places.sql_rows import Row

if TYPE_CHECKING:
    import aiomysql  # type: ignore[import-untyped]

_FORBIDDEN = frozenset({1044, 1045, 1142, 1143, 1227, 1370, 1698})
_MISSING = frozenset({1049, 1146})
_TEMPORARY = frozenset({1040, 1053, 1077, 1129, 1152, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1226})
_CLIENT = range(2000, 3000)
"""Errors of the connection itself."""


class MysqlReader:
    """One connection."""

    def __init__(self, connection: "aiomysql.Connection") -> None:
        self._connection = connection

    async def rows(self, query: str) -> AsyncIterator[Row]:
        """The rows of `query`."""
        import aiomysql

        async with self._connection.cursor(aiomysql.SSDictCursor) as cursor:
            await cursor.execute(query)
            while (row := await cursor.fetchone()) is not None:
                yield row


@asynccontextmanager
async def connect(address: SqlAddress, host: str) -> AsyncIterator[MysqlReader]:
    """A reader at one state of the database.

    Args:
        address: what to connect to.
        host: the name or the checked address that the socket goes to.

    Raises:
        PlaceForbidden, PlaceMissing, PlaceInvalid, PlaceUnreachable: as the server says; also while rows are read.
    """
    import aiomysql
    import pymysql  # type: ignore[import-untyped]

    try:
        connection = await aiomysql.connect(
            host=host,
            port=address.port,
            user=address.user,
            password=address.password,
            db=address.database,
            ssl=address.tls(),
            charset="utf8mb4",
            connect_timeout=sql_failure.CONNECT_SECONDS,
            program_name="kefu",
        )
        try:
            async with connection.cursor() as cursor:
                await cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            yield MysqlReader(connection)
        finally:
            connection.close()
    except pymysql.MySQLError as error:
        raise _failure(address, error) from error
    except (OSError, TimeoutError, EOFError) as error:
        raise sql_failure.silent(address, error) from error


def _failure(address: SqlAddress, error: Exception) -> RetrievalError:
    """By its number (MySQL error reference)."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    said = f"{address.shown} answers {number}: {error.args[-1] if error.args else error}"
    if number in _FORBIDDEN:
        return sql_failure.forbidden(said)
    if number in _MISSING:
        return sql_failure.missing(said)
    if number in _TEMPORARY or number in _CLIENT:
        return sql_failure.passing(said)
    return sql_failure.wrong(said)
