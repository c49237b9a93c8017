"""Answering the API server: reads what a judgement needs, judges, answers; over TLS, beside probes in plain HTTP."""

import asyncio
import logging
import ssl
from collections.abc import Callable

from aiohttp import web
from pydantic import ValidationError

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.client.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.errors import ApiError
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.resources import CHATBOTS, INDEXES, Resource
from kefu_operator.webhook.conversion import SERVED, Versions, answer_conversion
from kefu_operator.webhook.judge import Judgement, Neighbourhood, judge_chatbot, judge_index_removal
from kefu_operator.webhook.quotas import limits
from kefu_operator.webhook.review import Review, answer, is_judged

log = logging.getLogger(__name__)

QUOTAS = Resource("v1", "ResourceQuota", "resourcequotas")
MAX_BYTES = 64 * 2**20
"""Of a review: one about admission holds an object twice, one about conversion a page of a list."""
READ_SECONDS = 2.0
"""How long a look at the namespace may take; the API server waits three."""


class Webhook:
    """Judges ChatbotDeployments and KnowledgeIndexes, and converts kinds of several versions."""

    def __init__(self, client: Client, settings: PlanSettings, versions: Versions = SERVED) -> None:
        self._client = client
        self._settings = settings
        self._versions = versions

    def app(self) -> web.Application:
        """What the API server calls."""
        app = web.Application(client_max_size=MAX_BYTES)
        app.router.add_post("/validate", self._validate)
        app.router.add_post("/convert", self._convert)
        return app

    async def _validate(self, request: web.Request) -> web.Response:
        review: Review = await request.json()
        return web.json_response(answer(review, await self.judge(review["request"])))

    async def _convert(self, request: web.Request) -> web.Response:
        return web.json_response(answer_conversion(await request.json(), self._versions))

    async def judge(self, asked: Object) -> Judgement:
        """Judge what is asked; where the namespace cannot be read, the object is let in and the operator's conditions tell."""
        if not is_judged(asked):
            return Judgement()
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await self._judge(asked)
        except (ApiError, TimeoutError) as error:
            log.warning("%s %s/%s let in unseen: %s", asked["kind"]["kind"], asked["namespace"], asked["name"], error)
            return Judgement(warnings=("Kefu could not look at the namespace; see the conditions of the object",))

    async def _judge(self, asked: Object) -> Judgement:
        namespace = asked["namespace"]
        if asked["operation"] == "DELETE":
            return judge_index_removal(asked["name"], Neighbourhood(await self._chatbots(namespace)))
        try:
            chatbot = ChatbotDeployment.model_validate(asked["object"])
        except ValidationError:
            # The schema has let it pass: the CRDs are of another version, and the operator says so.
            return Judgement()
        chatbots, indexes, quotas = await asyncio.gather(
            self._chatbots(namespace), self._client.list(INDEXES, namespace), self._client.list(QUOTAS, namespace)
        )
        names = frozenset(found["metadata"]["name"] for found in indexes.items)
        return judge_chatbot(chatbot, Neighbourhood(chatbots, names, limits(quotas.items)), self._settings)

    async def _chatbots(self, namespace: str) -> tuple[ChatbotDeployment, ...]:
        found = []
        for each in (await self._client.list(CHATBOTS, namespace)).items:
            try:
                found.append(ChatbotDeployment.model_validate(each))
            except ValidationError:
                continue
        return tuple(found)


async def serve(
    app: web.Application, host: str, port: int, context: ssl.SSLContext | None
) -> tuple[web.AppRunner, int]:
    """Listen; the port is returned, which matters where 0 was asked for.

    Raises:
        OSError: the port is in use.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await runner.setup()
    await web.TCPSite(runner, host, port, ssl_context=context).start()
    return runner, int(runner.addresses[0][1])


def probes(trouble: Callable[[], str]) -> web.Application:
    """/healthz and /readyz."""

    async def alive(request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def ready(request: web.Request) -> web.Response:
        wrong = trouble()
        return web.Response(text=wrong or "ok", status=503 if wrong else 200)

    app = web.Application()
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    return app
