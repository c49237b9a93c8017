"""PostgreSQL, read through a cursor inside a read-only transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kefu_retrieval.errors import RetrievalError
from kefu_retrieval.places import sql_failure
from kefu_retrieval.places.sql_address import SqlAddress
from kefu_retrieval.places.sql_rows import Row

if TYPE_CHECKING:
    import asyncpg  # type: ignore[import-untyped]

PREFETCH = 500
"""Rows that travel at a time."""


class PostgresReader:
    """One connection."""

    def __init__(self, connection: "asyncpg.Connection") -> None:
        self._connection = connection

    async def rows(self, query: str) -> AsyncIterator[Row]:
        """The rows of `query`."""
        async for record in self._connection.cursor(query, prefetch=PREFETCH):
            yield dict(record)


@asynccontextmanager
async def connect(address: SqlAddress, host: str) -> AsyncIterator[PostgresReader]:
    """A reader at one state of the database.

    Args:
        address: what to connect to.
        host: the name or the checked address that the socket goes to.

    Raises:
        PlaceForbidden, PlaceMissing, PlaceInvalid, PlaceUnreachable: as the server says; also while rows are read.
    """
    import asyncpg

    try:
        connection = await asyncpg.connect(
            host=host,
            port=address.port,
            user=address.user,
            password=address.password,
            database=address.database,
            ssl=address.tls() or address.ssl_mode,
            timeout=sql_failure.CONNECT_SECONDS,
            statement_cache_size=0,  # poolers such as PgBouncer know no prepared statements
            server_settings={"default_transaction_read_only": "on", "application_name": "kefu"},
        )
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                yield PostgresReader(connection)
        finally:
            await connection.close(timeout=5)
    except asyncpg.PostgresError as error:
        raise _failure(address, error) from error
    except (asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise sql_failure.silent(address, error) from error


def _failure(address: SqlAddress, error: "asyncpg.PostgresError") -> RetrievalError:
    """By the class of its SQLSTATE (PostgreSQL documentation, appendix A)."""
    state, said = error.sqlstate or "", f"{address.shown} answers {error.sqlstate}: {error}"
    if state[:2] == "28" or state == "42501":
        return sql_failure.forbidden(said)
    if state in ("3D000", "42P01"):
        return sql_failure.missing(said)
    if state[:2] in ("08", "40", "53", "55", "57", "58"):
        return sql_failure.passing(said)
    return sql_failure.wrong(said)
