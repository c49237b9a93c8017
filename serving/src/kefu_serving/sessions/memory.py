"""What a chatbot remembers of its conversations: in which server, how much of each, and for how long."""

from collections.abc import Iterable
from typing import NamedTuple

from redis.asyncio import Redis

from kefu_serving.errors import SessionStoreAway
from kefu_serving.sessions.bounded import Bounded
from kefu_serving.sessions.exchange import Exchange


class Memory(NamedTuple):
    """One chatbot's, as one release sees it; shared by all that read or write there."""

    client: Redis
    scope: str
    """Namespace and chatbot."""
    ttl_seconds: int
    """Since the last word."""
    window: int
    """Exchanges of a conversation; 0: none is remembered."""
    bounded: Bounded


def exchanges_of(entries: Iterable[bytes | str]) -> tuple[Exchange, ...]:
    """Exchanges as they lie in Redis. Raises SessionStoreAway where they are none."""
    try:
        return tuple(Exchange.from_json(entry) for entry in entries)
    except (ValueError, TypeError) as error:
        raise SessionStoreAway("the session store holds something that is not a conversation") from error
