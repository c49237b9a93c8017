"""Where conversations are kept: a Redis of the chatbot's own, or somebody else's."""

from dataclasses import dataclass

from kefu_api.documents import release as document
from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.session import ExternalRedis, ManagedRedis
from kefu_api.kinds.types import amount, seconds
from kefu_operator import naming
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import (
    Compute,
    Container,
    GeneratedSecret,
    Port,
    Probe,
    SecretMount,
    VolumeMount,
    Workload,
)

REDIS = Port("redis", 6379)
USERS = "users.acl"
"""Redis's list of users: its password stands in no argument and in no environment."""
GRACE_SECONDS = 30
"""For the last write to the volume."""


@dataclass(frozen=True)
class SessionPlan:
    """How conversations are kept."""

    target: document.SessionStore
    workload: Workload | None
    """None: somebody else runs it."""
    gateway_mounts: tuple[SecretMount, ...] = ()
    """What the gateway needs to talk to it."""
    secrets: tuple[GeneratedSecret, ...] = ()


def plan_session_store(chatbot: ChatbotDeployment, placement: Placement) -> SessionPlan:
    """Plan the session store of one chatbot."""
    redis = chatbot.spec.session.store.redis
    if redis.external:
        return _external(chatbot, redis.external, placement)
    return _managed(chatbot, redis.managed or ManagedRedis(), placement)


def _managed(chatbot: ChatbotDeployment, options: ManagedRedis, placement: Placement) -> SessionPlan:
    name = naming.session_store(chatbot.metadata.name)
    gateway = naming.gateway(chatbot.metadata.name)
    secret = GeneratedSecret(
        naming.session_password(chatbot.metadata.name), {"key": "{}", USERS: "user default on >{} ~* &* +@all\n"}
    )
    password = SecretMount("session-password", placement.path(gateway, "session-password"), secret.name, "key")
    users = SecretMount("users", placement.path(name, "users"), secret.name, USERS)
    data = VolumeMount(
        "data",
        placement.path(name, "data", writable=True),
        claim=f"{name}-data",
        size=options.size,
        storage_class=options.storage_class,
        retained=options.deletion_policy == "Retain",
    )
    container = Container(
        name="redis",
        image="redis",
        command=(
            "valkey-server",
            "--bind", placement.bind,
            "--port", str(placement.listen(name, REDIS)),
            "--aclfile", f"{users.path}/{USERS}",
            "--dir", data.path,
            "--save", "",
            "--appendonly", "yes",
            "--appendfsync", "everysec",
            "--maxmemory", str(int(amount(options.memory) / 2)),
            "--maxmemory-policy", "volatile-lru",
        ),
        compute=Compute(cpu="50m", memory=options.memory),
        mounts=(data, users),
        ports=(REDIS,),
        readiness=Probe("redis", None),
        liveness=Probe("redis", None, period_seconds=10, failures=6),
    )  # fmt: skip
    workload = Workload(
        name=name, component="session-store", container=container, stateful=True, grace_seconds=GRACE_SECONDS
    )
    target = _target(chatbot, f"redis://{placement.address(name, REDIS)}/0", password=password)
    return SessionPlan(target, workload, (password,), (secret,))


def _external(chatbot: ChatbotDeployment, options: ExternalRedis, placement: Placement) -> SessionPlan:
    gateway = naming.gateway(chatbot.metadata.name)

    def mount(name: str, reference: SecretKeyReference | None) -> SecretMount | None:
        return SecretMount(name, placement.path(gateway, name), reference.name, reference.key) if reference else None

    password = mount("session-password", options.password_secret)
    authorities = mount("session-ca", options.ca_secret)
    target = _target(chatbot, options.url, username=options.username, password=password, authorities=authorities)
    return SessionPlan(target, None, tuple(each for each in (password, authorities) if each))


def _target(
    chatbot: ChatbotDeployment,
    url: str,
    username: str | None = None,
    password: SecretMount | None = None,
    authorities: SecretMount | None = None,
) -> document.SessionStore:
    session = chatbot.spec.session
    return document.SessionStore(
        url=url,
        username=username,
        password_file=f"{password.path}/{password.key}" if password else None,
        ca_file=f"{authorities.path}/{authorities.key}" if authorities else None,
        ttl_seconds=seconds(session.ttl),
        window=session.window,
    )
