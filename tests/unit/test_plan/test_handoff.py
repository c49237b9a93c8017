"""Hand-offs as a part of releases, and the keys of the people as a part of none."""

from typing import Any

from kefu_api.documents.variants import Role
from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.plan.chatbot import ChatbotPlan, Served, plan_chatbot, plan_release
from kefu_operator.plan.content import content_of, with_content
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import SecretMount
from tests.unit.test_plan.objects import chatbot

WEBHOOK = {"url": "https://desk.example/hooks", "secret": {"name": "desk", "key": "signing"}}
PLACEMENT, SETTINGS = ClusterPlacement("acme"), PlanSettings()


def plan(spec: dict[str, Any] | None = None, *served: Served) -> ChatbotPlan:
    return plan_chatbot(chatbot(spec), PLACEMENT, SETTINGS, served)


def serves(spec: dict[str, Any] | None, role: Role, weight: int) -> Served:
    return Served(plan_release(chatbot(spec), PLACEMENT, SETTINGS), role, weight)


def secrets(made: ChatbotPlan) -> dict[str, str]:
    mounts = made.gateway.container.mounts
    return {mount.name: mount.secret for mount in mounts if isinstance(mount, SecretMount)}


def test_without_it_nothing_of_the_gateway_changes() -> None:
    made = plan()
    assert made.release.handoff is None
    assert "--desk-keys" not in made.gateway.container.command
    assert "handoff" not in made.release.to_json()
    assert "shop-desk-key" not in [secret.name for secret in made.generated_secrets]


def test_the_release_names_its_terms_and_the_files_to_sign_with() -> None:
    made = plan({"handoff": {"onRequest": False, "below": "0.7", "budget": "0.25", "webhook": WEBHOOK}})
    terms = made.release.handoff
    assert terms is not None and terms.webhook is not None
    assert (terms.on_request, terms.below, terms.budget) == (False, 0.7, 0.25)
    mount = next(name for name, secret in secrets(made).items() if secret == "desk")
    assert terms.webhook.secret_file == f"/etc/kefu/{mount}/signing"
    assert "https://desk.example/hooks" in made.gateway.reach.urls


def test_a_change_of_it_is_another_release_on_the_same_engine() -> None:
    specs: list[dict[str, Any] | None] = [
        None,
        {"handoff": {}},
        {"handoff": {"below": "0.7"}},
        {"handoff": {"below": "0"}},
    ]
    names = [plan(spec).release.name for spec in specs]
    assert len(set(names)) == 4
    engines = [plan(spec).engine.workload for spec in specs[1:3]]
    assert engines[0] is not None and engines[0] == engines[1]


def test_a_key_is_made_for_the_people_unless_the_user_names_theirs() -> None:
    made = plan({"handoff": {}})
    assert secrets(made)["desk-keys"] == "shop-desk-key"
    assert "shop-desk-key" in [secret.name for secret in made.generated_secrets]
    command = made.gateway.container.command
    assert command[command.index("--desk-keys") + 1] == "/etc/kefu/desk-keys"
    named = plan({"handoff": {}, "access": {"deskKeysSecret": {"name": "people"}}})
    assert secrets(named)["desk-keys"] == "people"
    assert "shop-desk-key" not in [secret.name for secret in named.generated_secrets]
    assert named.release.name == made.release.name


def test_a_release_that_goes_on_handing_over_keeps_the_desk_open() -> None:
    before = {"handoff": {"webhook": WEBHOOK}}
    made = plan(None, serves(before, Role.STABLE, 90), serves(None, Role.CANDIDATE, 10))
    assert {"shop-desk-key", "desk"} <= set(secrets(made).values())
    assert "https://desk.example/hooks" in made.gateway.reach.urls
    over = plan(None, serves(None, Role.STABLE, 100))
    assert not {"shop-desk-key", "desk"} & set(secrets(over).values())


def test_a_release_is_kept_and_read_back_with_its_terms_alone() -> None:
    asked = chatbot({"handoff": {}, "access": {"deskKeysSecret": {"name": "people"}}})
    assert content_of(asked.spec)["handoff"] == {}
    assert "access" not in content_of(asked.spec)
    now: ChatbotDeployment = chatbot({"access": {"deskKeysSecret": {"name": "others"}}})
    back = with_content(now, content_of(asked.spec))
    assert back is not None and back.spec.handoff == asked.spec.handoff
    assert back.spec.access.desk_keys_secret == now.spec.access.desk_keys_secret
