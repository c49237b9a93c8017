"""Checks of one pod: a list of questions, each answered with a failing leaf or with None."""

import json
import re
from collections.abc import Callable

from kefu_operator.fetch import reasons as fetch
from kefu_operator.fetch.told import parse
from kefu_operator.plan.model_files import FETCH
from kefu_operator.pods import ContainerView, PodView
from kefu_operator.status.check import Check, fail, stuck, wait
from kefu_operator.status.reasons import Reason

IMAGE_REASONS = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
CONFIG_REASONS = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
MAX_CAUSE = 300
"""Characters of a registry's answer."""
TEMPORARY_FETCH = (fetch.MODEL_UNREACHABLE,)

_INSUFFICIENT = re.compile(r"Insufficient ([a-z0-9./-]+)")
_MISSING = re.compile(r'(secret|configmap) "([^"]+)" not found', re.IGNORECASE)


def check_pod(pod: PodView) -> Check | None:
    """The first thing that keeps the pod from being ready; None where nothing does."""
    if pod.ready:
        return None
    return next((found for question in QUESTIONS if (found := question(pod))), None)


def unschedulable(pod: PodView) -> Check | None:
    """No node takes it: which resource is missing."""
    if not pod.unschedulable:
        return None
    lacking = sorted(set(_INSUFFICIENT.findall(pod.unschedulable)))
    what = f"not enough {' and '.join(lacking)}" if lacking else "no node fits"
    remedy = "add nodes or ask for less"
    return fail(
        Reason.UNSCHEDULABLE, f"pod {pod.name} cannot be scheduled, {what}: {remedy} (scheduler: {pod.unschedulable})"
    )


def image(pod: PodView) -> Check | None:
    """An image cannot be pulled: which one."""
    found = _waiting(pod, IMAGE_REASONS)
    if found is None:
        return None
    # The kubelet alternates between the cause and a back-off that quotes it: told alike, so that the status stays.
    cause = found.waiting_message.rpartition("ErrImagePull: ")[2][:MAX_CAUSE]
    why = f" ({cause})" if cause else ""
    return stuck(
        Reason.IMAGE_PULL_FAILED,
        f"pod {pod.name} cannot pull image {found.image}: check its name, its registry and the pull Secret{why}",
    )


def configuration(pod: PodView) -> Check | None:
    """A container cannot be created as it is described."""
    found = _waiting(pod, CONFIG_REASONS)
    if found is None:
        return None
    if missing := _missing(pod, found.waiting_message):
        return missing
    return stuck(
        Reason.CONTAINER_CONFIG, f"container {found.name} of pod {pod.name} cannot be created: {found.waiting_message}"
    )


def mounting(pod: PodView) -> Check | None:
    """A volume does not come."""
    if not pod.trouble:
        return None
    return _missing(pod, pod.trouble) or fail(
        Reason.VOLUME_NOT_MOUNTED, f"pod {pod.name} waits for its volumes: {pod.trouble}"
    )


def fetching(pod: PodView) -> Check | None:
    """The weights do not come, or are still on their way."""
    steps = [each for each in pod.containers if each.step and each.name.startswith(FETCH)]
    step = next((each for each in steps if not (each.ended and each.ended.exit_code == 0)), None)
    if step is None:
        return None
    if step.running:
        told = parse(pod.log_line)
        far = f"downloading {told.brief}" if told else "downloading"
        return wait(Reason.MODEL_FETCHING, f"{far} (pod {pod.name}; its log: `kubectl logs {pod.name} -c {step.name}`)")
    if step.ended is None:
        return None
    words = _json(step.ended.message)
    reason = words.get("reason", "")
    if reason not in FETCH_REASONS:
        return None
    judge = fail if reason in TEMPORARY_FETCH else stuck
    return judge(reason, f"the model cannot be fetched: {words.get('message', '')} (pod {pod.name})")


FETCH_REASONS = frozenset(value for name, value in vars(fetch).items() if name.startswith("MODEL_"))


def out_of_memory(pod: PodView) -> Check | None:
    """The kernel killed it."""
    for found in pod.containers:
        if found.ended and found.ended.reason == "OOMKilled" and not found.ready:
            where = "spec.engine.resources.memory" if found.name == "engine" else "the memory of this part"
            return stuck(
                Reason.OUT_OF_MEMORY,
                f"container {found.name} of pod {pod.name} was killed for using more than its memory limit: raise {where}",
            )
    return None


def crash_loop(pod: PodView) -> Check | None:
    """It starts and dies: with which last words."""
    found = pod.crashed
    if found is None or found.ended is None:
        return None
    said = pod.log_line or _last_line(found.ended.message)
    words = f"; its last log line: {said}" if said else ""
    return fail(
        Reason.CRASH_LOOP,
        f"container {found.name} of pod {pod.name} ended with exit code {found.ended.exit_code}"
        f" ({found.restarts} restarts){words}",
    )


def starting(pod: PodView) -> Check | None:
    """It has not had its time yet."""
    if pod.creating or not pod.scheduled:
        return wait(Reason.CREATING, f"pod {pod.name} is being created")
    unready = [each for each in pod.containers if not each.step and not each.ready]
    if pod.companion and unready == [pod.companion]:
        log = f"`kubectl logs {pod.name} -c {pod.companion.name}`"
        return wait(Reason.ADAPTER_LOADING, f"pod {pod.name} loads its adapters before it is asked (its log: {log})")
    return wait(Reason.STARTING, f"pod {pod.name} runs and is not ready yet")


QUESTIONS: tuple[Callable[[PodView], Check | None], ...] = (
    unschedulable,
    image,
    configuration,
    mounting,
    fetching,
    out_of_memory,
    crash_loop,
    starting,
)


def _waiting(pod: PodView, reasons: tuple[str, ...]) -> ContainerView | None:
    return next((each for each in pod.containers if each.waiting in reasons), None)


def _missing(pod: PodView, message: str) -> Check | None:
    match = _MISSING.search(message)
    if match is None:
        return None
    is_secret = match[1].lower() == "secret"
    reason = Reason.SECRET_NOT_FOUND if is_secret else Reason.CONFIG_MAP_NOT_FOUND
    kind = "Secret" if is_secret else "ConfigMap"
    return stuck(reason, f"pod {pod.name} waits for {kind} {match[2]}, which does not exist: create it")


def _json(text: str) -> dict[str, str]:
    """The last line that is a JSON object; empty where there is none."""
    for line in reversed(text.strip().splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            return {str(name): str(value) for name, value in found.items()}
    return {}


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:500] if lines else ""
