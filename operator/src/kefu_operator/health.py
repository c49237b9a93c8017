"""/healthz, /readyz and /metrics on one port."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kefu_operator.metrics import Metrics

Question = Callable[[], str]
"""Answers with what is wrong; empty where nothing is."""


class HealthServer:
    """Answers the kubelet and Prometheus."""

    def __init__(self, alive: Question, ready: Question, metrics: Metrics) -> None:
        """Prepare.

        Args:
            alive: what only a restart would mend. That the API server is away is not that.
            ready: what keeps the operator from working.
            metrics: to show.
        """
        self._metrics = metrics
        app = web.Application()
        app.router.add_get("/healthz", _answer(alive))
        app.router.add_get("/readyz", _answer(ready))
        app.router.add_get("/metrics", self._show)
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self, host: str, port: int) -> int:
        """Listen; the port is returned, which matters where 0 was asked for.

        Raises:
            OSError: the port is in use.
        """
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Listen no more."""
        await self._runner.cleanup()

    async def _show(self, request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _answer(question: Question) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        wrong = question()
        return web.Response(text=wrong or "ok", status=503 if wrong else 200)

    return answer
