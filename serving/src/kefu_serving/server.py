"""Two uvicorn servers in one process, with one orderly end: not ready, no new work, running answers finish."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator

import uvicorn

from kefu_serving.errors import ConfigurationError
from kefu_serving.settings import Settings
from kefu_serving.state import State
from kefu_serving.web.asgi import App

BACKLOG = 2_048

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Does nothing: `serve_both` handles SIGTERM and SIGINT for both servers."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises ConfigurationError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(f"cannot listen on {host} port {port}: {reason}; free it, or give another") from error


def server(app: App, grace: float) -> Server:
    """A server without access log, proxy headers or lifespan; idle connections outlive a balancer's usual minute."""
    config = uvicorn.Config(
        app,
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
        backlog=BACKLOG,
    )
    return Server(config)


async def serve_both(settings: Settings, state: State, public: Server, admin: Server) -> None:
    """Serves until SIGTERM or SIGINT, then drains. Raises ConfigurationError when a port cannot be had."""
    with listen(settings.host, settings.port) as front, listen(settings.host, settings.admin_port) as back:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        tasks = [asyncio.create_task(public.serve([front])), asyncio.create_task(admin.serve([back]))]
        fields = {"host": settings.host, "port": front.getsockname()[1], "admin_port": back.getsockname()[1]}
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
