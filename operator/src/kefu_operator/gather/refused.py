"""Pods that are refused before they exist: a Deployment tells of it by a condition, and all others by events alone."""

from collections.abc import Iterable

from kefu_operator.client.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.gather.pods import newest_message
from kefu_operator.resources import EVENTS, JOBS, LEADER_WORKER_SETS, STATEFUL_SETS


async def gather_refused(client: Client, namespace: str, objects: Iterable[Object]) -> dict[str, str]:
    """Of those that lack pods, by name: what was said of it last; empty where nothing was.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    told = {}
    for found in filter(lacks_pods, objects):
        kind, name = found["kind"], found["metadata"]["name"]
        chosen = f"involvedObject.kind={kind},involvedObject.name={name},reason=FailedCreate"
        told[name] = newest_message((await client.list(EVENTS, namespace, fields=chosen)).items)
    return told


def lacks_pods(found: Object) -> bool:
    """Whether its controller has looked at it and made fewer pods than it should have."""
    status, spec = found.get("status", {}), found.get("spec", {})
    if found["kind"] == STATEFUL_SETS.kind:
        looked = status.get("observedGeneration") == found["metadata"].get("generation")
        return bool(looked and status.get("replicas", 0) < spec.get("replicas", 1))
    if found["kind"] == JOBS.kind:
        idle = not any(status.get(each) for each in ("active", "succeeded", "failed", "conditions"))
        return "startTime" in status and idle
    # It is asked about only while StatefulSets of it are missing.
    return bool(found["kind"] == LEADER_WORKER_SETS.kind)
