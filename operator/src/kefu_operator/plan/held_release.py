"""A release that waits: gateways keep the one before while the new one's engine is not built, or its adapter not loaded."""

from dataclasses import replace

from kefu_api.documents import variants as document
from kefu_api.documents.variants import Variants
from kefu_operator.plan.chatbot import ChatbotPlan
from kefu_operator.plan.workload import DocumentMount, Mount


def with_release(plan: ChatbotPlan, before: Variants, *, unbuilt: bool = False) -> ChatbotPlan:
    """The plan with what was served `before` in place of its own release.

    One of another engine cannot wait for this one's adapters; it waits only for this one to be built, and the gateway goes on
    calling the engine before.
    """
    new, old = plan.release.engine, before.stable.engine
    if old.url != new.url and not (unbuilt and old.name):
        return plan
    reach = plan.gateway.reach
    reach = replace(reach, uses=tuple(old.name if each == new.name else each for each in reach.uses))

    def held(mount: Mount) -> Mount:
        if isinstance(mount, DocumentMount) and document.FILE in mount.files:
            return replace(mount, files={document.FILE: before.to_json()})
        return mount

    container = plan.gateway.container
    mounts = tuple(held(mount) for mount in container.mounts)
    return replace(
        plan,
        release=before.stable,
        gateway=replace(plan.gateway, container=replace(container, mounts=mounts), reach=reach),
    )
