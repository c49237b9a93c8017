"""Sessions in Redis: a bounded list a session, which expires when the conversation rests."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider

from kefu_api.documents.release import SessionStore
from kefu_serving.errors import SessionStoreAway
from kefu_serving.sessions import names
from kefu_serving.sessions.bounded import OPERATION_SECONDS, Bounded
from kefu_serving.sessions.cooldown import Cooldown
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.sessions.tally import Tally

COOLDOWN_SECONDS = 5.0
FIRST_SECONDS = 86_400
"""How long it is remembered at least that something was said."""


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


def exchanges_of(entries: Iterable[bytes | str]) -> tuple[Exchange, ...]:
    """Exchanges as they lie in Redis. Raises SessionStoreAway where they are none."""
    try:
        return tuple(Exchange.from_json(entry) for entry in entries)
    except (ValueError, TypeError) as error:
        raise SessionStoreAway("the session store holds something that is not a conversation") from error


class RedisSessions:
    """The session store of one chatbot; `owner` keeps one API key from reading another's conversations."""

    def __init__(
        self,
        client: Redis,
        scope: str,
        ttl_seconds: int,
        window: int,
        cooldown: Cooldown,
        tally: Tally | None = None,
    ) -> None:
        """`tally`: counts the conversations too; None where nobody asks how many there are."""
        self._client = client
        self._scope = scope
        self._ttl = ttl_seconds
        self._window = window
        self._bounded = Bounded(cooldown)
        self._tally = tally

    async def load(self, owner: str, session: str) -> tuple[Exchange, ...]:
        """The last exchanges, oldest first. Raises SessionStoreAway."""
        if not self._window:
            return ()
        key = names.history(self._scope, names.conversation(owner, session))
        return exchanges_of(await self._bounded(self._client.lrange(key, -self._window, -1)))

    async def append(self, owner: str, session: str, exchange: Exchange) -> None:
        """Adds an exchange in one round trip. Raises SessionStoreAway."""
        if not self._window and not self._tally:
            return
        conversation = names.conversation(owner, session)
        pipeline = self._client.pipeline(transaction=False)
        if self._window:
            key = names.history(self._scope, conversation)
            pipeline.rpush(key, exchange.to_json())
            pipeline.ltrim(key, -self._window, -1)
            pipeline.expire(key, self._ttl)
        if self._tally:
            self._tally.count(pipeline, conversation)
        await self._bounded(pipeline.execute())

    async def first(self, event: str) -> bool:
        """Whether this is the first time that it is said of the chatbot within the time to live. Raises SessionStoreAway."""
        said = self._client.set(f"kefu:{event}:{self._scope}", b"1", nx=True, ex=max(self._ttl, FIRST_SECONDS))
        return bool(await self._bounded(said))

    async def ping(self) -> bool:
        """Whether Redis answers, for the readiness report."""
        try:
            return bool(await self._bounded(self._client.ping()))
        except SessionStoreAway:
            return False
