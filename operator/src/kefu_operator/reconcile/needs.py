"""Looking for what adapters need before the pods of a shared engine are to mount it: they would wait for it, for everybody."""

from collections.abc import Iterable

from kefu_operator.client.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.errors import REFUSED
from kefu_operator.plan.engines.needs import CLAIM, SECRET, Need
from kefu_operator.pod_templates import places, pod_spec
from kefu_operator.resources import CLAIMS, SECRETS
from kefu_operator.write import Writer

LOOK_SECONDS = 30
"""Between looks for what is missing: claims and Secrets of users are not watched."""


async def missing_of(
    client: Client, writer: Writer, namespace: str, needs: Iterable[Need], owned: Iterable[Object]
) -> frozenset[Need]:
    """Which of these are not there.

    Args:
        client: reads claims.
        writer: asks for Secrets, which the operator has no right to read.
        namespace: of all of them.
        needs: what is looked for.
        owned: objects of the engine. Of a Secret that its pods mount nothing is asked, since they start without it.

    Raises:
        ApiError: the API server did not answer.
    """
    mounted = mounted_by(owned)
    missing = set()
    for need in needs:
        if need.kind == CLAIM:
            there = await _has_claim(client, namespace, need.name, mounted=need in mounted)
        else:
            there = need in mounted or await _has_secret(writer, namespace, need.name)
        if not there:
            missing.add(need)
    return frozenset(missing)


def mounted_by(owned: Iterable[Object]) -> frozenset[Need]:
    """What the pod templates of an engine mount."""
    volumes = [
        volume for each in owned for place in places(each) for volume in pod_spec(each, place).get("volumes", ())
    ]
    claims = {each["persistentVolumeClaim"]["claimName"] for each in volumes if "persistentVolumeClaim" in each}
    secrets = {each["secret"]["secretName"] for each in volumes if "secret" in each}
    return frozenset({Need(CLAIM, name) for name in claims} | {Need(SECRET, name) for name in secrets})


async def _has_claim(client: Client, namespace: str, name: str, *, mounted: bool) -> bool:
    found = await client.get(CLAIMS, namespace, name)
    # One that is being deleted stays as long as a pod has it, so pods that run are left alone; a new one could not mount it.
    return found is not None and (mounted or "deletionTimestamp" not in found["metadata"])


async def _has_secret(writer: Writer, namespace: str, name: str) -> bool:
    body = {
        "apiVersion": SECRETS.api_version,
        "kind": SECRETS.kind,
        "metadata": {"name": name, "namespace": namespace},
    }
    try:
        return not await writer.lacks(body)
    except REFUSED:
        # A quota or an admission rule hides whether it is there: pods start without it in any case.
        return True
