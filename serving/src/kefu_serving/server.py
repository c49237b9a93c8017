"""Two uvicorn servers in one process, with one orderly end: not ready, no new work, running answers finish."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Iterator

import uvicorn

from kefu_serving.settings import Settings
from kefu_serving.state import State
from kefu_serving.web.asgi import App

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Does nothing: `serve_both` handles SIGTERM and SIGINT for both servers."""
        yield

    @property
    def port(self) -> int:
        """The port that it listens on, once started."""
        port: int = self.servers[0].sockets[0].getsockname()[1]
        return port


def server(app: App, host: str, port: int, grace: float) -> Server:
    """A server without access log, proxy headers or lifespan; idle connections outlive a balancer's usual minute."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, int(grace)),
        backlog=2048,
    )
    return Server(config)


async def serve_both(settings: Settings, state: State, public: Server, admin: Server) -> None:
    """Serves until SIGTERM or SIGINT, then drains. Raises SystemExit when a port is taken."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(public.serve()), asyncio.create_task(admin.serve())]
    await _started(public, admin, tasks)
    fields = {"host": settings.host, "port": public.port, "admin_port": admin.port}
    log.info("listening", extra={"fields": fields})
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    state.draining = True
    log.info("draining", extra={"fields": {"grace_seconds": settings.grace}})
    public.should_exit = True
    await tasks[0]
    admin.should_exit = True
    await tasks[1]


async def _started(public: Server, admin: Server, tasks: list[asyncio.Task[None]]) -> None:
    while not (public.started and admin.started):
        for task in tasks:
            if task.done():
                raise SystemExit(1)
        await asyncio.sleep(0.01)
