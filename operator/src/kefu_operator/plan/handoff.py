"""What a release hands to people, and how they prove who they are."""

from collections.abc import Iterable
from dataclasses import dataclass

from kefu_api import digest
from kefu_api.documents import release as document
from kefu_api.documents.release import Release
from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.handoff import HandoffWebhook
from kefu_operator import naming
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import GeneratedSecret, SecretMount


@dataclass(frozen=True)
class HandoffPlan:
    """Of one release."""

    target: document.Handoff | None = None
    """None: it hands nothing over."""
    gateway_mounts: tuple[SecretMount, ...] = ()
    """What the gateway signs with."""


@dataclass(frozen=True)
class DeskPlan:
    """Of one chatbot: the keys of the people."""

    mount: SecretMount | None = None
    """None: no release that is served hands anything over."""
    secrets: tuple[GeneratedSecret, ...] = ()
    """The key that Kefu makes where the user names none."""


def plan_handoff(chatbot: ChatbotDeployment, placement: Placement) -> HandoffPlan:
    """Plan the hand-offs of the release that the chatbot's spec describes."""
    terms = chatbot.spec.handoff
    if terms is None:
        return HandoffPlan()
    mount = _key(chatbot, terms.webhook, placement) if terms.webhook else None
    target = document.Handoff(
        on_request=terms.on_request,
        below=float(terms.below) if terms.below else None,
        budget=float(terms.budget) if terms.budget else None,
        webhook=document.HandoffWebhook(url=terms.webhook.url, secret_file=f"{mount.path}/{mount.key}")
        if terms.webhook and mount
        else None,
    )
    return HandoffPlan(target, (mount,) if mount else ())


def plan_desk(chatbot: ChatbotDeployment, served: Iterable[Release], placement: Placement) -> DeskPlan:
    """Plan the keys of the people who answer for any of the releases that are served."""
    if not any(release.handoff for release in served):
        return DeskPlan()
    name = chatbot.metadata.name
    named = chatbot.spec.access.desk_keys_secret
    secret = named.name if named else naming.desk_keys(name)
    mount = SecretMount("desk-keys", placement.path(naming.gateway(name), "desk-keys"), secret)
    return DeskPlan(mount, () if named else (GeneratedSecret(secret),))


def _key(chatbot: ChatbotDeployment, webhook: HandoffWebhook, placement: Placement) -> SecretMount:
    secret = webhook.secret
    # Named by what it holds, for a gateway may serve two releases whose keys are not the same.
    role = f"handoff-key-{digest.of_value([secret.name, secret.key])[:8]}"
    return SecretMount(role, placement.path(naming.gateway(chatbot.metadata.name), role), secret.name, secret.key)
