"""Checks of an engine that is compiled before it is served."""

from kefu_operator.building import BuildView
from kefu_operator.status.check import Check, stuck, wait, worst
from kefu_operator.status.pod_checks import check_pod
from kefu_operator.status.reasons import Reason
from kefu_operator.status.workload_checks import forbidden

MAX_WORDS = 300
"""Characters of a failed pod's last words."""


def check_build(name: str, build: BuildView, refused: str = "") -> Check | None:
    """What keeps the engine from being built, or how far it is; None once it is. `refused`: why its Job gets no pod."""
    if build.done:
        return None
    if build.failure:
        why = ": ".join(filter(None, (build.failure.get("reason"), build.failure.get("message"))))
        return stuck(
            Reason.ENGINE_BUILD_FAILED,
            f"Job {name}, which builds the engine, failed: {why}{_last_words(build)}; correct the spec, or delete the Job to "
            "have it tried again",
        )
    under_way = wait(Reason.ENGINE_BUILDING, f"Job {name} builds the engine, which can take an hour")
    kept = [forbidden(refused)] if refused else []
    return worst((*kept, *(found for pod in build.pods if not pod.deleting and (found := check_pod(pod))), under_way))


def _last_words(build: BuildView) -> str:
    ended = (each.ended for pod in build.pods for each in pod.containers if each.ended and each.ended.exit_code)
    last = next(ended, None)
    lines = [line.strip() for line in last.message.splitlines() if line.strip()] if last else []
    return f" (its pod: {lines[-1][:MAX_WORDS]})" if lines else ""
