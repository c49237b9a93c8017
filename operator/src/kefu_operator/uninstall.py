"""`python -m kefu_operator.uninstall`: what must be done before the operator is taken away, for nobody could do it afterwards.

Finalizers of ours are taken off: an object that waits for an operator that is gone could never be deleted. No operator writes
meanwhile, which would put them on again: the lease is taken from it. Should Helm not go on, the lease runs out, an operator takes it
again, and the finalizers are back.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from kefu_operator import naming
from kefu_operator.client.client import Client
from kefu_operator.client.connect import connect
from kefu_operator.desired.types import Object
from kefu_operator.errors import CONFIGURATION_ERROR, Absent, ApiError, Forbidden, SettingsError
from kefu_operator.leadership.elector import Candidate
from kefu_operator.leadership.seizure import seize
from kefu_operator.logs import configure
from kefu_operator.metrics import Metrics
from kefu_operator.resources import INDEXES
from kefu_operator.settings import Settings, load
from kefu_operator.write import Writer

HELD_SECONDS = 180
"""For how long no operator writes: longer than Helm takes until it deletes them."""
IDENTITY = "uninstall"

log = logging.getLogger("kefu_operator.uninstall")


async def let_go(client: Client, writer: Writer, namespaces: Sequence[str]) -> int:
    """Take our finalizer off all indexes of the namespaces, of all namespaces where none is named; how many had it.

    A namespace of several that may not be looked into, such as one that is gone with its Role, keeps nobody from going on.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    count = 0
    for namespace in namespaces or (None,):
        for found in await _indexes(client, namespace):
            meta = found["metadata"]
            if naming.FINALIZER not in meta.get("finalizers", ()):
                continue
            await writer.let_go(found, naming.FINALIZER)
            count += 1
            log.info("%s/%s: what it wrote stays in its store from now on", meta["namespace"], meta["name"])
    return count


async def _indexes(client: Client, namespace: str | None) -> tuple[Object, ...]:
    try:
        return (await client.list(INDEXES, namespace)).items
    except Absent:
        # The kind is gone, and every index with it.
        return ()
    except Forbidden as refusal:
        if namespace is None:
            raise
        log.warning("namespace %s is left out, finalizers may be left there: %s", namespace, refusal)
        return ()


async def _main(settings: Settings) -> None:
    async with connect(settings.kubeconfig) as client:
        if settings.lease:
            log.info("the lease is taken, so that no operator writes any more")
            candidate = Candidate(settings.lease.namespace, settings.lease.name, IDENTITY)
            await seize(client, candidate, HELD_SECONDS)
        count = await let_go(client, Writer(client, Metrics(CollectorRegistry())), settings.namespaces)
        log.info("finalizers were taken off %d indexes; the operator can be taken away", count)


def main() -> int:
    """The exit code: 0 when nothing waits for the operator, 1 where the API server refused or did not answer."""
    try:
        settings = load(os.environ)
        configure(settings.log_level)
        asyncio.run(_main(settings))
    except SettingsError as error:
        logging.basicConfig(stream=sys.stderr)
        log.error("%s", error)
        return CONFIGURATION_ERROR
    except ApiError as error:
        log.error("finalizers are left: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
