"""Names of what lies in Redis, formatted in one place. `scope` is `namespace/chatbot`."""

import hashlib
import re
from typing import NamedTuple

_HANDOFF = re.compile(r"([0-9a-f]{16})\.([A-Za-z0-9_-]{8,64})")


class Conversation(NamedTuple):
    """A conversation of one API key; two keys may well have conversations of one name."""

    owner: str
    """Hash of the key's name."""
    session: str

    @property
    def handoff(self) -> str:
        """Its name at the desk."""
        return f"{self.owner}.{self.session}"


def conversation(owner: str, session: str) -> Conversation:
    """The conversation of the API key of that name."""
    return Conversation(hashlib.sha256(owner.encode()).hexdigest()[:16], session)


def of_handoff(name: str) -> Conversation | None:
    """The conversation that has this name at the desk; None where it is none."""
    found = _HANDOFF.fullmatch(name)
    return Conversation(found[1], found[2]) if found else None


def history(scope: str, of: Conversation) -> str:
    """List of the last exchanges."""
    return f"kefu:session:{scope}:{of.owner}:{of.session}"


def handoff(scope: str, of: Conversation) -> str:
    """Hash of the conversation's hand-off: `state`, `detail`, and how much was `said`."""
    return f"kefu:handoff:{scope}:{of.owner}:{of.session}"


def messages(scope: str, of: Conversation) -> str:
    """List of what was said since it was handed over."""
    return f"kefu:handoff-messages:{scope}:{of.owner}:{of.session}"


def open_handoffs(scope: str) -> str:
    """Sorted set of the open hand-offs of a chatbot, by when they began."""
    return f"kefu:handoffs:{scope}"


def conversations(scope: str, day: str) -> str:
    """HyperLogLog of the conversations of a day."""
    return f"kefu:conversations:{scope}:{day}"


def unsure(scope: str, day: str) -> str:
    """How many were handed over for want of confidence on that day."""
    return f"kefu:unsure:{scope}:{day}"
