"""`python -m kefu_operator.webhook`: the webhook's process."""

import asyncio
import logging
import os
import signal
import ssl
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kefu_operator.client.connect import connect
from kefu_operator.errors import CONFIGURATION_ERROR, SettingsError
from kefu_operator.logs import configure
from kefu_operator.settings import Settings, load
from kefu_operator.webhook.keeper import Keeper, Place
from kefu_operator.webhook.mounted import MountedCertificate
from kefu_operator.webhook.server import Webhook, probes, serve

DRAIN_SECONDS = 5
"""Between SIGTERM and the end of listening: the API server learns late that an endpoint is gone."""


def place(environment: Mapping[str, str]) -> Place:
    """Where the certificate is kept.

    KEFU_WEBHOOK: `namespace/name` of the webhook's Service; the Secret `name-tls` and the ValidatingWebhookConfiguration
    `namespace.name` belong to it.

    Raises:
        SettingsError: it is missing or has another form.
    """
    namespace, _, name = environment.get("KEFU_WEBHOOK", "").partition("/")
    if not namespace or not name or "/" in name:
        raise SettingsError("KEFU_WEBHOOK: must be namespace/name of the webhook's Service")
    host = f"{name}.{namespace}.svc"
    return Place(namespace, f"{name}-tls", f"{namespace}.{name}", (host, f"{host}.cluster.local"))


async def _main(settings: Settings, environment: Mapping[str, str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    folder = environment.get("KEFU_TLS_FOLDER", "")
    with tempfile.TemporaryDirectory(prefix="kefu-webhook-") as scratch:
        async with connect(settings.kubeconfig) as client:
            certificate: Keeper | MountedCertificate = (
                MountedCertificate(Path(folder), context)
                if folder
                else Keeper(client, place(environment), context, Path(scratch))
            )
            answering, _ = await serve(Webhook(client, settings.plan).app(), settings.host, settings.port, context)
            watched, _ = await serve(probes(lambda: certificate.trouble), settings.host, settings.port + 1, None)
            keeping = asyncio.create_task(certificate.run())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({keeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if keeping.done():
                keeping.result()
            keeping.cancel()
            await asyncio.sleep(DRAIN_SECONDS)
            await answering.cleanup()
            await watched.cleanup()


def main() -> int:
    """Run until SIGTERM; the exit code."""
    try:
        settings = load(os.environ)
        configure(settings.log_level)
        asyncio.run(_main(settings, os.environ))
    except SettingsError as error:
        logging.basicConfig(stream=sys.stderr)
        logging.getLogger("kefu_operator").error("%s", error)
        return CONFIGURATION_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())
