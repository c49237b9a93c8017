"""Where conversations are kept, behind a protocol, so that stages can be tested without a server."""

from typing import Protocol

from kefu_serving.sessions.exchange import Exchange


class SessionStore(Protocol):
    """Remembers the last exchanges of a session. Both methods raise SessionStoreAway."""

    async def load(self, owner: str, session: str) -> tuple[Exchange, ...]:
        """The remembered exchanges, oldest first; empty for a session that is new or has expired."""
        ...

    async def append(self, owner: str, session: str, exchange: Exchange) -> None:
        """Adds the newest exchange, drops what falls out of the window, and begins the time to live anew."""
        ...
