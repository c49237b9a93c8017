"""`python -m kefu_operator`: the operator process."""

import asyncio
import logging
import os
import signal
import sys

import uvloop

from kefu_operator import runtime
from kefu_operator.errors import CONFIGURATION_ERROR, SettingsError
from kefu_operator.logs import configure
from kefu_operator.run import Operator
from kefu_operator.settings import Settings, load


async def _main(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await Operator(settings).run(stop)


def main() -> int:
    """Run until SIGTERM; the exit code."""
    try:
        settings = load(os.environ)
        configure(settings.log_level)
        runtime.adjust()
        uvloop.run(_main(settings))
    except SettingsError as error:
        logging.basicConfig(stream=sys.stderr)
        logging.getLogger("kefu_operator").error("%s", error)
        return CONFIGURATION_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())
