"""Checks of adapters: told by what each pod's companion says."""

from dataclasses import replace

import pytest

from kefu_operator.adapters.told import FETCHED, State
from kefu_operator.plan.engines.needs import CLAIM, SECRET, Need
from kefu_operator.pods import ContainerView, PodView
from kefu_operator.status.adapter_checks import check_adapters
from kefu_operator.status.check import Verdict

POD = PodView(name="engine-1-x", ready=True)
OWN = {"voice-1a2b": "voice"}


def failed(reason: str) -> State:
    return State(frozenset(), {"voice-1a2b": (reason, "because")})


CASES = {
    "an adapter that is loaded": (State(frozenset({"voice-1a2b"})), None, ""),
    "an adapter that is on its way": (State(frozenset({"other"})), Verdict.WAIT, "AdapterLoading"),
    "an adapter that the engine will not have": (failed("AdapterRefused"), Verdict.STUCK, "AdapterRefused"),
    "an adapter that is not there": (failed("ModelNotFound"), Verdict.STUCK, "AdapterNotFetched"),
    "a hub that does not answer": (failed("ModelUnreachable"), Verdict.FAIL, "AdapterNotFetched"),
    "a companion that has not spoken": (None, Verdict.WAIT, "AdapterLoading"),
}


@pytest.mark.parametrize("sentence", CASES)
def test_what_is_told_of(sentence: str) -> None:
    state, verdict, reason = CASES[sentence]
    found = check_adapters(OWN, [replace(POD, log_line=state.line() if state else "")])
    assert [(check.verdict, str(check.reason)) for check in found] == ([(verdict, reason)] if verdict else [])
    assert all("adapter voice" in check.message for check in found)


def test_one_pod_without_the_adapter_is_enough() -> None:
    pods = [replace(POD, log_line=State(frozenset(OWN)).line()), replace(POD, name="b", log_line=State().line())]
    (check,) = check_adapters(OWN, pods)
    assert "pod b" in check.message


def test_a_pod_that_is_not_ready_is_judged_by_others() -> None:
    assert check_adapters(OWN, [replace(POD, ready=False, log_line=State().line())]) == []


def test_what_is_not_known_is_told_as_that() -> None:
    (check,) = check_adapters(OWN, [POD])
    assert check.message.startswith("whether pod engine-1-x has loaded adapter voice is not known yet")


def test_the_pods_of_a_group_that_are_waited_for_are_named() -> None:
    (check,) = check_adapters(OWN, [replace(POD, log_line=State(waits=frozenset({3, 1})).line())])
    assert (check.verdict, str(check.reason)) == (Verdict.WAIT, "AdapterLoading")
    assert check.message.endswith("waits until these pods of its group have fetched it: 1, 3")


def test_what_a_worker_says_is_left_to_its_leader() -> None:
    worker = replace(
        POD, name="engine-1-x-1", component="engine-worker", log_line=failed("ModelNotFound").line(FETCHED)
    )
    assert check_adapters(OWN, [worker]) == []


@pytest.mark.parametrize(
    ("need", "reason", "where"),
    [(Need(CLAIM, "loras"), "ClaimNotFound", "model.adapters"), (Need(SECRET, "keys"), "SecretNotFound", "model.s3")],
)
def test_what_an_adapter_lacks_that_is_left_out_is_named_whatever_pods_there_are(
    need: Need, reason: str, where: str
) -> None:
    told = replace(POD, log_line=State().line())
    lacking = {"voice-1a2b": need, "of-others": need}
    for pods in ([], [told], [told, told]):
        (check,) = check_adapters(OWN, pods, lacking)
        assert (check.verdict, str(check.reason)) == (Verdict.STUCK, reason)
        expected = f"adapter voice is left out of its engine, since {need.kind} {need.name} does not exist"
        assert check.message == f"{expected}: create it, or correct {where}"
    (check,) = check_adapters({**OWN, "deep-1": "deep"}, [told], lacking)[1:]
    assert check.message.startswith("adapter deep is being loaded")


def test_a_pod_from_before_the_first_adapter_is_waited_for() -> None:
    before = replace(POD, containers=(ContainerView("engine", "i", ready=True, running=True),))
    (check,) = check_adapters(OWN, [before])
    assert (check.verdict, str(check.reason)) == (Verdict.WAIT, "AdapterLoading")
    assert check.message == "adapter voice waits until pod engine-1-x, which cannot load it, is replaced"
