"""A release that waits: gateways keep the one before while the engine has not loaded the new one's adapter."""

from dataclasses import replace

from kefu_api.documents import release as document
from kefu_api.documents.release import Release
from kefu_operator.plan.chatbot import ChatbotPlan
from kefu_operator.plan.workload import DocumentMount, Mount


def with_release(plan: ChatbotPlan, before: Release) -> ChatbotPlan:
    """The plan with `before` in place of its own release; one of another engine cannot wait for this one's adapters."""
    if before.engine.url != plan.release.engine.url:
        return plan

    def held(mount: Mount) -> Mount:
        if isinstance(mount, DocumentMount) and document.FILE in mount.files:
            return replace(mount, files={document.FILE: before.to_json()})
        return mount

    container = plan.gateway.container
    mounts = tuple(held(mount) for mount in container.mounts)
    return replace(plan, release=before, gateway=replace(plan.gateway, container=replace(container, mounts=mounts)))
