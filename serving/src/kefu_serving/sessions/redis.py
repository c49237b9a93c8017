"""Sessions in Redis: a bounded list a session, which expires when the conversation rests."""

import secrets

from kefu_serving.errors import SessionStoreAway
from kefu_serving.sessions import names
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.sessions.handoffs import HELD_SECONDS
from kefu_serving.sessions.memory import Memory, exchanges_of
from kefu_serving.sessions.tally import Tally

FIRST_SECONDS = 86_400
"""How long it is remembered at least that something was said."""


class RedisSessions:
    """The session store of one chatbot; `owner` keeps one API key from reading another's conversations."""

    def __init__(self, memory: Memory, tally: Tally | None = None, *, staffed: bool = False) -> None:
        """Prepare.

        Args:
            memory: where they lie.
            tally: counts the conversations too; None where nobody asks how many there are.
            staffed: whether a person may have a conversation, which is remembered as long as he has it.
        """
        self._memory = memory
        self._client = memory.client
        self._bounded = memory.bounded
        self._tally = tally
        self._staffed = staffed

    async def load(self, owner: str, session: str) -> tuple[Exchange, ...]:
        """The last exchanges, oldest first. Raises SessionStoreAway."""
        if not self._memory.window:
            return ()
        key = names.history(self._memory.scope, names.conversation(owner, session))
        return exchanges_of(await self._bounded(self._client.lrange(key, -self._memory.window, -1)))

    async def append(self, owner: str, session: str, exchange: Exchange) -> None:
        """Adds an exchange, in one round trip where it was not handed over meanwhile. Raises SessionStoreAway."""
        if not self._memory.window and not self._tally:
            return
        conversation = names.conversation(owner, session)
        key = names.history(self._memory.scope, conversation)
        pipeline = self._client.pipeline(transaction=False)
        if self._memory.window:
            entry = exchange.to_json()
            # Sent again where its answer was lost: it is remembered once.
            pipeline.lrem(key, -1, entry)
            pipeline.rpush(key, entry)
            pipeline.ltrim(key, -self._memory.window, -1)
            pipeline.expire(key, self._memory.ttl_seconds)
        if self._tally:
            self._tally.count(pipeline, conversation)
        if self._staffed:
            pipeline.hget(names.handoff(self._memory.scope, conversation), "state")
        *_, state = await self._bounded(pipeline.execute())
        if state == b"open" and self._memory.ttl_seconds < HELD_SECONDS:
            await self._bounded(self._client.expire(key, HELD_SECONDS))

    async def first(self, event: str) -> bool:
        """Whether this is the first time that it is said of the chatbot within the time to live. Raises SessionStoreAway."""
        key, lasting = f"kefu:{event}:{self._memory.scope}", max(self._memory.ttl_seconds, FIRST_SECONDS)
        ours = secrets.token_bytes(8)
        if await self._bounded(self._client.set(key, ours, nx=True, ex=lasting)):
            return True
        # Sent again where its answer was lost: the one that stands may be ours.
        return bool(await self._bounded(self._client.get(key)) == ours)

    async def ping(self) -> bool:
        """Whether Redis answers, for the readiness report."""
        try:
            return bool(await self._bounded(self._client.ping()))
        except SessionStoreAway:
            return False
