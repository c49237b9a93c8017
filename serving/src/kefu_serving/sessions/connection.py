"""Connections to the server that keeps conversations: where it is, and with which password."""

from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider

from kefu_api.documents.release import SessionStore
from kefu_serving.sessions.bounded import OPERATION_SECONDS

COOLDOWN_SECONDS = 5.0
"""How long a server is left alone that failed."""


class MountedPassword(CredentialProvider):
    """User and password, read anew for each connection, so that a changed Secret needs no restart."""

    def __init__(self, username: str | None, file: Path) -> None:
        self._username, self._file = username, file

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """The password, behind the user where there is one. Raises OSError where the file cannot be read."""
        password = self._file.read_text().strip()
        return (self._username, password) if self._username else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """The same; the file is a mounted Secret, so reading it waits for nothing."""
        return self.get_credentials()


def connect(store: SessionStore) -> Redis:
    """A client that connects on first use, and once anew when a pooled connection turns out dead."""
    options: dict[str, Any] = {}
    if store.password_file:
        options["credential_provider"] = MountedPassword(store.username, Path(store.password_file))
    if store.ca_file:
        options["ssl_ca_certs"] = store.ca_file
    client: Redis = Redis.from_url(
        store.url,
        **options,
        # `Bounded` is the bound: the client's own would cost a task for each command.
        socket_timeout=None,
        socket_connect_timeout=OPERATION_SECONDS,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=0,
    )
    return client
