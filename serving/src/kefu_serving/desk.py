"""The desk of one chatbot, as a release reaches it: the hand-offs in the session store, and whoever is told of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from kefu_api.wire.handoff import EventType, HandoffDetail, HandoffEvent, HandoffMessage
from kefu_serving.clients.webhook import Webhook
from kefu_serving.sessions import names
from kefu_serving.sessions.form import rfc3339
from kefu_serving.sessions.handoffs import Handoffs


class Teller:
    """Tells the webhook, where there is one."""

    def __init__(
        self, namespace: str, chatbot: str, webhook: Webhook | None, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock`: seconds since 1970."""
        self._namespace = namespace
        self._chatbot = chatbot
        self._webhook = webhook
        self._clock = clock

    def opened(self, detail: HandoffDetail) -> None:
        """A conversation was handed over."""
        self._tell("handoff.opened", detail.handoff, detail.session, detail=detail)

    def said(self, owner: str, session: str, message: HandoffMessage) -> None:
        """Its customer went on."""
        self._tell("handoff.message", names.conversation(owner, session).handoff, session, message=message)

    def released(self, detail: HandoffDetail) -> None:
        """The bot has it again."""
        self._tell("handoff.released", detail.handoff, detail.session)

    def _tell(
        self,
        kind: EventType,
        handoff: str,
        session: str,
        detail: HandoffDetail | None = None,
        message: HandoffMessage | None = None,
    ) -> None:
        if self._webhook is None:
            return
        event = HandoffEvent(
            type=kind,
            timestamp=rfc3339(self._clock()),
            namespace=self._namespace,
            chatbot=self._chatbot,
            handoff=handoff,
            session=session,
            detail=detail,
            message=message,
        )
        self._webhook.tell(event)


@dataclass(frozen=True, slots=True)
class Desk:
    """Hand-offs and their teller."""

    handoffs: Handoffs
    teller: Teller
