from typing import Any

import pytest

from kefu_operator.plan.chatbot import ChatbotPlan, plan_chatbot
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import SecretMount, VolumeMount
from tests.unit.test_plan.objects import chatbot


def plan(spec: dict[str, Any] | None = None, name: str = "shop") -> ChatbotPlan:
    return plan_chatbot(chatbot(spec, name), ClusterPlacement("acme"), PlanSettings())


def generated(spec: dict[str, Any] | None = None) -> list[str]:
    return [secret.name for secret in plan(spec).generated_secrets]


def test_the_release_points_at_the_planned_workloads() -> None:
    release = plan().release
    assert release.knowledge[0].url == "http://shop-retrieval.acme.svc:8081"
    assert release.session.url == "redis://shop-redis.acme.svc:6379/0"
    engine = plan().engine.workload
    assert engine is not None
    assert release.engine.url == f"http://{engine.name}.acme.svc:8000"


def test_equal_specs_have_equal_releases() -> None:
    assert plan().release == plan().release


@pytest.mark.parametrize(
    "spec",
    [
        {"persona": {"prompt": "Be brief."}},
        {"budget": {"tokens": 100}},
        {"session": {"window": 1}},
        {"knowledge": [{"name": "other"}]},
        {"model": {"uri": "hf://Qwen/Qwen3-8B", "revision": "v2"}},
    ],
)
def test_whatever_changes_answers_changes_the_name_of_the_release(spec: dict[str, Any]) -> None:
    assert plan(spec).release.name != plan().release.name


def test_scaling_does_not_change_the_release() -> None:
    assert plan({"scaling": {"gateway": {"min": 3}}}).release.name == plan().release.name


def test_without_a_named_secret_a_key_is_generated() -> None:
    assert generated() == ["shop-api-key", "shop-user-salt", "shop-redis-password"]
    assert any(isinstance(m, SecretMount) and m.secret == "shop-api-key" for m in plan().gateway.container.mounts)


def test_a_named_secret_is_mounted_and_none_generated() -> None:
    spec = {"access": {"apiKeysSecret": {"name": "keys"}}}
    named = plan(spec)
    assert generated(spec) == ["shop-user-salt", "shop-redis-password"]
    assert any(isinstance(m, SecretMount) and m.secret == "keys" for m in named.gateway.container.mounts)


def test_no_secret_value_stands_in_a_document_or_an_argument() -> None:
    gateway = plan().gateway.container
    assert all("key" not in word or word.startswith(("--keys", "/etc/kefu/")) for word in gateway.command)


def test_the_gateway_has_time_to_finish_its_longest_answer() -> None:
    assert plan({"budget": {"total": "2m"}}).gateway.grace_seconds > 120


EXTERNAL = {
    "url": "rediss://redis.example:6380/2",
    "username": "kefu",
    "passwordSecret": {"name": "redis", "key": "password"},
    "caSecret": {"name": "redis", "key": "ca.crt"},
}


def test_conversations_are_kept_on_a_volume_behind_a_password() -> None:
    store = plan().session_store
    assert store is not None
    assert store.stateful
    assert plan().release.session.password_file == "/etc/kefu/session-password/key"
    command = " ".join(store.container.command)
    assert "--appendonly yes" in command
    assert "--aclfile /etc/kefu/users/users.acl" in command
    volumes = [mount for mount in store.container.mounts if isinstance(mount, VolumeMount)]
    assert [(mount.claim, mount.size, mount.retained) for mount in volumes] == [("shop-redis-data", "1Gi", False)]


def test_half_of_the_memory_holds_conversations() -> None:
    store = plan({"session": {"store": {"redis": {"managed": {"memory": "1Gi"}}}}}).session_store
    assert store is not None
    assert store.container.compute.memory == "1Gi"
    command = store.container.command
    assert command[command.index("--maxmemory") + 1] == str(2**29)


def test_a_redis_of_the_users_own_is_reached_and_none_is_run() -> None:
    external = plan({"session": {"store": {"redis": {"external": EXTERNAL}}}})
    assert external.session_store is None
    session = external.release.session
    assert (session.url, session.username) == ("rediss://redis.example:6380/2", "kefu")
    assert session.password_file == "/etc/kefu/session-password/password"
    assert session.ca_file == "/etc/kefu/session-ca/ca.crt"
    mounted = {m.secret for m in external.gateway.container.mounts if isinstance(m, SecretMount)}
    assert "redis" in mounted
    assert not any("redis" in secret.name for secret in external.generated_secrets)
