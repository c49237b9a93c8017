"""The SQL place: the rows of one query, unless a cheaper one says that nothing has changed."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from kefu_api import digest
from kefu_api.documents.fetch import SqlPlace
from kefu_retrieval.places import sql_mysql, sql_postgres, sql_rows
from kefu_retrieval.places.addresses import Addresses
from kefu_retrieval.places.gathering import Gathering
from kefu_retrieval.places.sql_address import SqlAddress
from kefu_retrieval.places.sql_rows import Row

MAX_FINGERPRINT_ROWS = 100


class Reader(Protocol):
    """A connection that reads one state of a database."""

    def rows(self, query: str) -> AsyncIterator[Row]:
        """The rows of `query`, as mappings from column to value."""
        ...


class SqlRows:
    """Reads everything the query gives; vanished rows vanish, and only changed files are written."""

    def __init__(self, place: SqlPlace, address: SqlAddress, addresses: Addresses) -> None:
        self._place = place
        self._address = address
        self._addresses = addresses

    async def fetch(self, gathering: Gathering) -> None:
        """As `Place.fetch`."""
        async with await self._connect() as reader:
            fingerprint = await self._fingerprint(reader)
            before = gathering.previous
            if fingerprint and before is not None and before.mark == fingerprint and gathering.keep_all():
                return
            gathering.mark = fingerprint
            write = sql_rows.faq if self._place.rows == "FAQ" else sql_rows.pages
            await write(reader.rows(self._place.query), gathering)

    async def _connect(self) -> AbstractAsyncContextManager[Reader]:
        """Drivers look names up again; with a verified certificate that is harmless, without one the address is pinned."""
        address = self._address
        checked = await self._addresses.resolve(address.host, address.port)
        host = address.host if address.ssl_mode == "verify-full" else checked
        return (
            sql_postgres.connect(address, host) if address.server == "postgresql" else sql_mysql.connect(address, host)
        )

    async def _fingerprint(self, reader: Reader) -> str | None:
        if self._place.fingerprint is None:
            return None
        told = []
        async for row in reader.rows(self._place.fingerprint):
            told.append({column: str(value) for column, value in row.items()})
            if len(told) == MAX_FINGERPRINT_ROWS:
                break
        return digest.of_value(told)
