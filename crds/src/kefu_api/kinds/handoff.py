"""When a conversation is handed to a person, and who is told."""

from typing import ClassVar

from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import Rule, Ruled
from kefu_api.kinds.types import PageUrl, Ratio


class HandoffWebhook(Part):
    """Where a hand-off is posted, by Standard Webhooks 1.0."""

    url: PageUrl
    """Takes `handoff.opened`, `handoff.message` (of the customer's) and `handoff.released` as JSON."""
    secret: SecretKeyReference
    """Secret key that holds the signing key: whsec_ and base64 of 24 bytes or more, in two lines while it is rotated."""


class Handoff(Ruled):
    """When a conversation is handed to a person; the bot is silent in it until it is released."""

    RULES: ClassVar = (
        Rule(
            "self.onRequest || has(self.below)",
            lambda handoff: handoff.on_request or handoff.below is not None,
            "nothing would ever be handed over: leave onRequest true, set below, or remove spec.handoff",
        ),
        Rule(
            "!has(self.budget) || has(self.below)",
            lambda handoff: handoff.budget is None or handoff.below is not None,
            "budget limits what below hands over: set below, or remove budget",
        ),
    )

    on_request: bool = True
    """Whether a customer who asks for a person gets one, in Chinese or English."""
    below: Ratio | None = None
    """A question whose evidence has less confidence than this is handed over, instead of answered or declined; absent: none is."""
    budget: Ratio | None = None
    """Share of a day's conversations that may be handed over by `below`; beyond it the bot answers or declines as without. Who
    asks for a person gets one in any case. Absent: no limit."""
    webhook: HandoffWebhook | None = None
    """Who is told of hand-offs; absent: nobody, and people look at `/v1/handoffs`."""
