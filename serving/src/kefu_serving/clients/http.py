"""The one HTTP client of the process: pooled connections, bounded connects, no total time-out (a turn has its budget)."""

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

CONNECT_SECONDS = 2.0
KEEP_ALIVE_SECONDS = 4.0
"""Below the idle time-outs of our peers: five seconds, both llama.cpp's and uvicorn's default (vLLM, retrieval)."""
CONNECTIONS = 1_000


def new_session() -> ClientSession:
    """A client session; the caller closes it."""
    return ClientSession(
        connector=TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE_SECONDS),
        timeout=ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )
