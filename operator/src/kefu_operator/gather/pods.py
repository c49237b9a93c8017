"""Reading pods: who waits for what, and the last words of who died."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from kefu_operator.client.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.errors import ApiError
from kefu_operator.pods import ContainerView, Ended, PodView
from kefu_operator.resources import EVENTS, PODS

TASKS = ("ingestion", "push")
"""Components whose log tells how far they are, or what they hold."""
LASTING = ("push",)
"""Those of them that are asked however old they are."""
LOG_LINES = 3
MAX_LINE = 500
MAX_STATE = 4096
"""Characters of a line: one for people, and one that holds a document."""
MAX_EXPLAINED = 4
"""Pods of one workload and component whose log or events are read: they mostly fail alike."""
NUMBER = "batch.kubernetes.io/job-completion-index"
"""Annotation of the pods of an Indexed Job."""


def view(pod: Object) -> PodView:
    """The part of a pod that checks look at."""
    status, meta = pod.get("status", {}), pod["metadata"]
    labels = meta.get("labels") or {}
    conditions = {found["type"]: found for found in status.get("conditions", ())}
    scheduled = conditions.get("PodScheduled", {})
    steps = [_container(found, step=True) for found in status.get("initContainerStatuses", ())]
    mains = [_container(found, step=False) for found in status.get("containerStatuses", ())]
    return PodView(
        name=meta["name"],
        workload=labels.get("app.kubernetes.io/instance", ""),
        component=labels.get("app.kubernetes.io/name", "").removeprefix("kefu-"),
        created=meta.get("creationTimestamp") or "",
        phase=status.get("phase", "Pending"),
        ready=conditions.get("Ready", {}).get("status") == "True",
        deleting="deletionTimestamp" in meta,
        unschedulable=scheduled.get("message", "") if scheduled.get("reason") == "Unschedulable" else "",
        scheduled=scheduled.get("status") == "True",
        containers=(*steps, *mains),
        uid=meta.get("uid", ""),
        owner=next((owner["uid"] for owner in meta.get("ownerReferences", ()) if owner.get("controller")), ""),
        number=_number(meta),
    )


def _number(meta: Object) -> int | None:
    text = (meta.get("annotations") or {}).get(NUMBER, "")
    return int(text) if text.isdecimal() else None


def _container(found: Object, *, step: bool) -> ContainerView:
    state = found.get("state") or {}
    waiting = state.get("waiting") or {}
    ended = state.get("terminated") or (found.get("lastState") or {}).get("terminated")
    return ContainerView(
        name=found["name"],
        image=found.get("image", ""),
        step=step,
        ready=bool(found.get("ready")),
        running="running" in state,
        restarts=found.get("restartCount", 0),
        waiting=waiting.get("reason", ""),
        waiting_message=waiting.get("message", ""),
        ended=Ended(ended.get("reason", ""), ended.get("exitCode", 0), ended.get("message", "")) if ended else None,
    )


async def gather_pods(client: Client, namespace: str, labels: str) -> tuple[PodView, ...]:
    """The pods that a selector chooses, newest first, those in trouble explained.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    listing = await client.list(PODS, namespace, labels=labels)
    views = sorted((view(pod) for pod in listing.items), key=lambda pod: (pod.created, pod.name), reverse=True)
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for pod in views:
        kind = (pod.workload, pod.component)
        seen[kind] += 1
        chosen = seen[kind] <= MAX_EXPLAINED or pod.component in LASTING or pod.number == 0
        found.append(await explain(client, namespace, pod) if chosen else pod)
    return tuple(found)


async def explain(client: Client, namespace: str, pod: PodView) -> PodView:
    """Add a crashed container's last log line, or the newest warning about a pod that does not start.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    if pod.deleting:
        return pod
    # A download that runs again after a failure tells how far it is, not why it failed.
    crashed = None if pod.fetching else pod.crashed
    if crashed:
        previous = crashed.restarts > 0 and (bool(crashed.waiting) or crashed.running)
        return replace(pod, log_line=await _last_line(client, namespace, pod.name, crashed, previous=previous))
    if telling := pod.fetching or _task(pod):
        longest = MAX_STATE if pod.component in LASTING else MAX_LINE
        line = await _last_line(client, namespace, pod.name, telling, previous=False, longest=longest)
        return replace(pod, log_line=line)
    if pod.creating:
        chosen = f"involvedObject.kind=Pod,involvedObject.name={pod.name},type=Warning"
        events = await client.list(EVENTS, namespace, fields=chosen)
        return replace(pod, trouble=newest_message(events.items))
    return pod


def _task(pod: PodView) -> ContainerView | None:
    telling = pod.component in TASKS and pod.leads
    return next((each for each in pod.containers if each.running), None) if telling else None


async def _last_line(
    client: Client, namespace: str, pod: str, container: ContainerView, *, previous: bool, longest: int = MAX_LINE
) -> str:
    try:
        text = await client.log_tail(namespace, pod, container.name, previous=previous, lines=LOG_LINES)
    except ApiError:
        # The log went with the container, or its node does not answer; the termination message must do.
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:longest] if lines else ""


def newest_message(events: Iterable[Object]) -> str:
    """What the newest of the events says; empty where there is none."""
    newest = max(events, key=_when, default=None)
    return str((newest or {}).get("message") or "")[:500]


def _when(event: Object) -> datetime:
    moment = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
    return datetime.fromisoformat(moment)
