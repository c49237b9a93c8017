"""Checks of a chatbot's LoRA adapters: whether every pod of its engine has them, by what its companion tells, or may have them at all."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from kefu_operator.adapters.told import parse
from kefu_operator.fetch.reasons import MODEL_UNREACHABLE
from kefu_operator.plan.engines.adapters import LOADER
from kefu_operator.plan.engines.needs import CLAIM, Need
from kefu_operator.plan.group import WORKER_SUFFIX
from kefu_operator.pods import PodView
from kefu_operator.status.check import Check, fail, stuck, wait
from kefu_operator.status.reasons import Reason

NOTHING: Mapping[str, Need] = MappingProxyType({})


def check_adapters(
    adapters: Mapping[str, str], pods: Iterable[PodView], lacking: Mapping[str, Need] = NOTHING
) -> list[Check]:
    """What keeps adapters from answering; nothing where all are loaded by all pods that answer. What no pod tells is not known yet.

    A pod from before the engine's first adapter has no companion, and answers until its turn to be replaced has come.

    Args:
        adapters: the chatbot's own, by the name that the engine knows each by; the values are the user's names.
        pods: of the engine.
        lacking: what adapters need that is missing, by the first of these names; they are left out of the engine.
    """
    left_out = [_left_out(own, lacking[name]) for name, own in adapters.items() if name in lacking]
    return left_out + [
        check
        for pod in pods
        if pod.ready and not pod.deleting and not pod.component.endswith(WORKER_SUFFIX)
        for name, own in adapters.items()
        if name not in lacking and (check := _check(name, own, pod))
    ]


def _left_out(own: str, need: Need) -> Check:
    reason = Reason.CLAIM_NOT_FOUND if need.kind == CLAIM else Reason.SECRET_NOT_FOUND
    where = "model.adapters" if need.kind == CLAIM else "model.s3"
    return stuck(
        reason,
        f"adapter {own} is left out of its engine, since {need.kind} {need.name} does not exist: create it, or correct {where}",
    )


def _check(name: str, own: str, pod: PodView) -> Check | None:
    if pod.containers and all(each.name != LOADER for each in pod.containers):
        return wait(
            Reason.ADAPTER_LOADING, f"adapter {own} waits until pod {pod.name}, which cannot load it, is replaced"
        )
    state = parse(pod.log_line)
    if state is None:
        return wait(
            Reason.ADAPTER_LOADING,
            f"whether pod {pod.name} has loaded adapter {own} is not known yet: its companion has told nothing so far, or its"
            " log cannot be read",
        )
    if name in state.loaded:
        return None
    reason, why = state.failed.get(name, ("", ""))
    if not reason:
        others = ", ".join(map(str, sorted(state.waits)))
        waits = f", which waits until these pods of its group have fetched it: {others}" if others else ""
        return wait(Reason.ADAPTER_LOADING, f"adapter {own} is being loaded by pod {pod.name}{waits}")
    if reason == Reason.ADAPTER_REFUSED:
        return stuck(Reason.ADAPTER_REFUSED, f"adapter {own} cannot be loaded: {why} (pod {pod.name})")
    judge = fail if reason == MODEL_UNREACHABLE else stuck
    return judge(Reason.ADAPTER_NOT_FETCHED, f"adapter {own} cannot be fetched ({reason}): {why} (pod {pod.name})")
