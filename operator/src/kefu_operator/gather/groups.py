"""What the controller of LeaderWorkerSets made of an object of ours. It carries none of our labels, so that no watch tells of it."""

from kefu_operator.client.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.resources import LEADER_WORKER_SETS, STATEFUL_SETS

MADE_OF = "leaderworkerset.sigs.k8s.io/name"
"""Label that names the LeaderWorkerSet. Source: lws.sigs.k8s.io, "Labels, annotations and environment variables"."""


async def gather_groups(client: Client, namespace: str, runner: Object | None) -> tuple[Object, ...]:
    """What may tell why groups are missing, while some are: the StatefulSets, and while one of those is missing too, the object.

    Args:
        client: for the request.
        namespace: of the engine.
        runner: what runs the engine's pods.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    if runner is None or runner["kind"] != LEADER_WORKER_SETS.kind:
        return ()
    wanted = runner["spec"].get("replicas", 1)
    if runner.get("status", {}).get("readyReplicas", 0) >= wanted:
        return ()
    labels = f"{MADE_OF}={runner['metadata']['name']}"
    made = (await client.list(STATEFUL_SETS, namespace, labels=labels)).items
    # One of all leaders, and one of each leader's workers.
    complete = len(made) > wanted and all(each.get("status", {}).get("observedGeneration") for each in made)
    return made if complete else (runner, *made)
