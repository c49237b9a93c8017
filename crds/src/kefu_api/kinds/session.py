"""What a chatbot remembers of a conversation, and where."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import Rule, Ruled, exactly_one_of
from kefu_api.kinds.types import Duration, RedisUrl, Size, Subdomain, UserName


class ManagedRedis(Part):
    """A Redis of the chatbot's own, with a password, that writes what it holds to a volume every second."""

    memory: Size = "512Mi"
    """Memory of its container; conversations may take half of it, and the oldest make room."""
    size: Size = "1Gi"
    """Size of the volume; twice what conversations take is wise."""
    storage_class: Subdomain | None = None
    """StorageClass of the volume; absent: the cluster's default."""
    deletion_policy: Literal["Delete", "Retain"] = "Delete"
    """Whether the volume goes with the chatbot, or with its turning to another store; Retain: it stays, and is used again."""


class ExternalRedis(Ruled):
    """A Redis that somebody else runs."""

    RULES: ClassVar = (
        Rule(
            "!has(self.username) || has(self.passwordSecret)",
            lambda redis: redis.username is None or redis.password_secret is not None,
            "username needs a password: set passwordSecret",
        ),
        Rule(
            "!has(self.caSecret) || self.url.startsWith('rediss://')",
            lambda redis: redis.ca_secret is None or redis.url.startswith("rediss://"),
            "caSecret is for TLS: let url begin with rediss://, or remove caSecret",
        ),
    )

    url: RedisUrl
    """redis://host:6379/0, or rediss://host:6379/0 for TLS; the number is the database."""
    username: UserName | None = None
    """User of its access lists; absent: the default one."""
    password_secret: SecretKeyReference | None = None
    """Secret key that holds the password; a changed one is taken up without a restart."""
    ca_secret: SecretKeyReference | None = None
    """Secret key that holds the PEM certificates to trust; absent: the public ones."""


class Redis(Ruled):
    """Which Redis."""

    RULES: ClassVar = (exactly_one_of("managed", "external", remedy="choose one Redis"),)

    managed: ManagedRedis | None = None
    """Kefu runs one."""
    external: ExternalRedis | None = None
    """One of your own."""


class SessionStore(Part):
    """Where conversations are kept."""

    redis: Redis = Redis(managed=ManagedRedis())
    """In Redis, or what speaks its protocol."""


class Session(Part):
    """What the bot remembers of a conversation."""

    ttl: Duration = "30m"
    """How long after the last turn a conversation is forgotten."""
    window: Annotated[int, Field(ge=0, le=20)] = 5
    """How many past turns the model sees."""
    store: SessionStore = SessionStore()
    """Where it is remembered."""
