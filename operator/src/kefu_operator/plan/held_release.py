"""A release that waits: gateways keep the one before while the engine has not loaded the new one's adapter."""

from dataclasses import replace

from kefu_api.documents import variants as document
from kefu_api.documents.variants import Variants
from kefu_operator.plan.chatbot import ChatbotPlan
from kefu_operator.plan.workload import DocumentMount, Mount


def with_release(plan: ChatbotPlan, before: Variants) -> ChatbotPlan:
    """The plan with what was served `before` in place of its own release; one of another engine cannot wait for this one's adapters."""
    if before.stable.engine.url != plan.release.engine.url:
        return plan

    def held(mount: Mount) -> Mount:
        if isinstance(mount, DocumentMount) and document.FILE in mount.files:
            return replace(mount, files={document.FILE: before.to_json()})
        return mount

    container = plan.gateway.container
    mounts = tuple(held(mount) for mount in container.mounts)
    return replace(
        plan, release=before.stable, gateway=replace(plan.gateway, container=replace(container, mounts=mounts))
    )
