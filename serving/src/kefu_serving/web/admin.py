"""The admin port: health, readiness and metrics; never exposed to customers."""

import asyncio

from aiohttp import ClientError, ClientSession, ClientTimeout

from kefu_serving.metrics import Instruments
from kefu_serving.runtime import Runtime
from kefu_serving.state import State
from kefu_serving.web.asgi import Receive, Scope, Send, dumps, respond, respond_json

PROBE_SECONDS = 1.0
"""Longest wait for each upstream; a readiness probe must not time out because an engine does."""


class AdminApp:
    """ASGI application of the admin port."""

    def __init__(self, state: State, instruments: Instruments, http: ClientSession) -> None:
        self._state = state
        self._instruments = instruments
        self._http = http

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            return
        if scope["path"] == "/healthz":
            await respond_json(send, 200, b'{"status":"ok"}')
        elif scope["path"] == "/readyz":
            await self._ready(send)
        elif scope["path"] == "/metrics":
            await respond(send, 200, self._instruments.expose(), b"text/plain; version=0.0.4; charset=utf-8")
        else:
            await respond_json(send, 404, b'{"paths":["/healthz","/readyz","/metrics"]}')

    async def _ready(self, send: Send) -> None:
        """Ready when a release is loaded and we are not leaving; upstreams are reported, not required."""
        serving = self._state.serving
        ready = serving is not None and not self._state.draining
        reason = "draining" if self._state.draining else "no release loaded"
        report: dict[str, object] = {"ready": ready, "keys": len(self._state.keys)}
        if serving is None or not ready:
            report["reason"] = reason
        else:
            report["release"] = serving.stable.release.name
            report["variants"] = [
                {"release": variant.release.name, "role": variant.role.value, "weight": variant.weight}
                for variant, _ in serving.pairs
            ]
            report["upstreams"] = await self._upstreams(serving.stable)
        await respond_json(send, 200 if ready else 503, dumps(report))

    async def _upstreams(self, runtime: Runtime) -> dict[str, bool]:
        names = ["redis", "engine", *(f"knowledge/{target.name}" for target in runtime.release.knowledge)]
        answers = await asyncio.gather(
            runtime.sessions.ping(),
            self._answers(f"{runtime.release.engine.url.rstrip('/')}/health"),
            *(self._answers(f"{target.url.rstrip('/')}/readyz") for target in runtime.release.knowledge),
        )
        return dict(zip(names, answers, strict=True))

    async def _answers(self, url: str) -> bool:
        try:
            async with self._http.get(url, timeout=ClientTimeout(total=PROBE_SECONDS)) as response:
                return response.status < 400
        except (ClientError, OSError, TimeoutError):
            return False
