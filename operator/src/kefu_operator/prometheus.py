"""Asking Prometheus: instant queries over its HTTP API, within a bound, and every way to fail told apart.

Source of the protocol: Prometheus, "HTTP API", instant queries (`POST /api/v1/query`).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from kefu_operator.bounded import read_up_to
from kefu_operator.errors import PrometheusAway, QueryRefused

QUERY_SECONDS = 5.0
MAX_BYTES = 1_000_000
"""Largest answer; ours hold a handful of samples."""


@dataclass(frozen=True)
class Sample:
    """One element of an instant vector; a scalar is one without labels."""

    labels: Mapping[str, str]
    value: float
    """May be NaN or infinite."""


class Prometheus:
    """One Prometheus, or whatever speaks its API (Thanos, Mimir, VictoriaMetrics)."""

    def __init__(self, session: aiohttp.ClientSession, url: str, seconds: float = QUERY_SECONDS) -> None:
        self._session = session
        self._url = f"{url.rstrip('/')}/api/v1/query"
        self._seconds = seconds

    async def query(self, expression: str) -> tuple[Sample, ...]:
        """The samples that the expression has now; none is an answer too.

        Raises:
            PrometheusAway: it cannot be reached or cannot answer now; trying again helps.
            QueryRefused: it does not understand the expression.
        """
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._session.post(self._url, data={"query": expression}) as response,
            ):
                status, content = response.status, await read_up_to(MAX_BYTES, response.content)
        except TimeoutError as error:
            raise PrometheusAway(f"{self._url}: no answer within {self._seconds:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise PrometheusAway(f"{self._url}: {error}") from error
        return self._samples(status, content)

    def _samples(self, status: int, content: bytes) -> tuple[Sample, ...]:
        try:
            answer = json.loads(content)
            if answer["status"] == "success":
                return tuple(_read(answer["data"]["resultType"], answer["data"]["result"]))
            kind, message = str(answer["errorType"]), str(answer["error"])
        except (ValueError, KeyError, TypeError) as error:
            raise PrometheusAway(f"{self._url}: HTTP {status}, and no answer of Prometheus's API") from error
        if kind in ("bad_data", "execution"):
            raise QueryRefused(f"{kind}: {message}")
        raise PrometheusAway(f"{self._url}: {kind}: {message}")


@asynccontextmanager
async def connect(url: str | None) -> AsyncIterator[Prometheus | None]:
    """The Prometheus at this address; None where none is named."""
    if url is None:
        yield None
        return
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Prometheus(session, url)


def _read(kind: str, result: Any) -> list[Sample]:
    if kind == "scalar":
        return [Sample({}, float(result[1]))]
    return [Sample(each["metric"], float(each["value"][1])) for each in result]
