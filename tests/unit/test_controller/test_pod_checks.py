"""Checks of a pod: each sentence is a case, and names the leaf that must be told."""

import json
from dataclasses import replace

import pytest

from kefu_operator.pods import ContainerView, Ended, PodView
from kefu_operator.status.check import Verdict
from kefu_operator.status.pod_checks import check_pod

POD = PodView(name="engine-1-x", workload="engine-1", scheduled=True)
MAIN = ContainerView(name="engine", image="r.example/engine:1")
FETCH = ContainerView(name="fetch", image="operator:1", step=True)
OOM = Ended("OOMKilled", 137, "")
DIED = Ended("Error", 1, "Traceback\nValueError: no such file")


def failed_fetch(reason: str) -> PodView:
    words = json.dumps({"reason": reason, "message": "expected aa, got bb"})
    return replace(POD, containers=(replace(FETCH, waiting="CrashLoopBackOff", ended=Ended("Error", 65, words)), MAIN))


CASES = {
    "a pod that is ready": (replace(POD, ready=True), None, None, ""),
    "no node has enough of a GPU and memory": (
        replace(POD, scheduled=False, unschedulable="0/2 nodes: 1 Insufficient memory, 1 Insufficient nvidia.com/gpu."),
        Verdict.FAIL, "Unschedulable", "not enough memory and nvidia.com/gpu",
    ),
    "no node fits for another cause": (
        replace(POD, scheduled=False, unschedulable="0/1 nodes are available: 1 node(s) had untolerated taint"),
        Verdict.FAIL, "Unschedulable", "untolerated taint",
    ),
    "an image that the registry does not have": (
        replace(POD, containers=(replace(MAIN, waiting="ErrImagePull", waiting_message="not found"),)),
        Verdict.STUCK, "ImagePullBackOff", "r.example/engine:1",
    ),
    "an image name that is none": (
        replace(POD, containers=(replace(MAIN, waiting="InvalidImageName"),)),
        Verdict.STUCK, "ImagePullBackOff", "engine-1-x",
    ),
    "a Secret that a volume needs": (
        replace(POD, trouble='MountVolume.SetUp failed for volume "keys" : secret "customers" not found'),
        Verdict.STUCK, "SecretNotFound", "Secret customers",
    ),
    "a ConfigMap that a volume needs": (
        replace(POD, trouble='MountVolume.SetUp failed for volume "source-faq" : configmap "shop-faq" not found'),
        Verdict.STUCK, "ConfigMapNotFound", "ConfigMap shop-faq",
    ),
    "a volume that does not come": (
        replace(POD, trouble="Multi-Attach error for volume pvc-1"),
        Verdict.FAIL, "VolumeNotMounted", "Multi-Attach",
    ),
    "a container that cannot be created": (
        replace(POD, containers=(replace(MAIN, waiting="CreateContainerError", waiting_message="no command"),)),
        Verdict.STUCK, "ContainerConfigError", "no command",
    ),
    "a model whose checksum is wrong": (
        failed_fetch("ModelChecksumMismatch"), Verdict.STUCK, "ModelChecksumMismatch", "expected aa, got bb",
    ),
    "an adapter on its way after the model": (
        replace(POD, containers=(
            replace(FETCH, ready=True, ended=Ended("Completed", 0, "")),
            replace(FETCH, name="fetch-adapter-0", running=True), MAIN,
        )),
        Verdict.WAIT, "ModelFetching", "-c fetch-adapter-0",
    ),
    "an engine that answers, and lacks its adapters": (
        replace(POD, containers=(
            replace(FETCH, ended=Ended("Completed", 0, "")), replace(MAIN, running=True, ready=True),
            ContainerView("adapters", "operator:1", running=True),
        )),
        Verdict.WAIT, "AdapterLoading", "kubectl logs engine-1-x -c adapters",
    ),
    "an engine that loads its model beside the companion of its adapters": (
        replace(POD, containers=(replace(MAIN, running=True), ContainerView("adapters", "operator:1", running=True))),
        Verdict.WAIT, "Starting", "not ready yet",
    ),
    "a model that is not there": (failed_fetch("ModelNotFound"), Verdict.STUCK, "ModelNotFound", "expected aa"),
    "a hub that does not answer": (failed_fetch("ModelUnreachable"), Verdict.FAIL, "ModelUnreachable", ""),
    "a fetch that died without a reason we know": (
        failed_fetch("SomethingElse"), Verdict.FAIL, "CrashLoopBackOff", "exit code 65",
    ),
    "a model that is on its way": (
        replace(POD, containers=(replace(FETCH, running=True), MAIN)), Verdict.WAIT, "ModelFetching", "logs engine-1-x",
    ),
    "a model of which more than a third is there": (
        replace(POD, containers=(replace(FETCH, running=True), MAIN),
                log_line='{"event": "progress", "done": 37, "total": 100, "percent": 37, "seconds_left": 125}'),
        Verdict.WAIT, "ModelFetching", "downloading 37 %, 2 min left (pod engine-1-x",
    ),
    "an engine that needs more memory than it may have": (
        replace(POD, containers=(replace(MAIN, waiting="CrashLoopBackOff", ended=OOM, restarts=3),)),
        Verdict.STUCK, "OOMKilled", "spec.engine.resources.memory",
    ),
    "a program that dies again and again, with its last log line": (
        replace(POD, log_line="ValueError: bad flag",
                containers=(replace(MAIN, waiting="CrashLoopBackOff", ended=DIED, restarts=4),)),
        Verdict.FAIL, "CrashLoopBackOff", "its last log line: ValueError: bad flag",
    ),
    "a program that dies, where the log is gone": (
        replace(POD, containers=(replace(MAIN, waiting="CrashLoopBackOff", ended=DIED),)),
        Verdict.FAIL, "CrashLoopBackOff", "ValueError: no such file",
    ),
    "a program that runs for a moment between two crashes": (
        replace(POD, phase="Running", containers=(replace(MAIN, running=True, ended=DIED, restarts=2),)),
        Verdict.FAIL, "CrashLoopBackOff", "2 restarts",
    ),
    "a pod that its node has just got": (
        replace(POD, containers=(replace(MAIN, waiting="ContainerCreating"),)), Verdict.WAIT, "Creating", "",
    ),
    "a program that loads": (
        replace(POD, phase="Running", containers=(replace(MAIN, running=True),)), Verdict.WAIT, "Starting", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("sentence", CASES)
def test_the_leaf_is_named_of(sentence: str) -> None:
    pod, verdict, reason, fragment = CASES[sentence]
    found = check_pod(pod)
    if reason is None:
        assert found is None
        return
    assert found is not None
    assert (found.verdict, found.reason) == (verdict, reason)
    assert fragment in found.message


def test_a_model_of_two_files_is_told_from_its_last_words_alone() -> None:
    noise = '{"event":"progress","percent":37}\n{"reason":"ModelDiskFull","message":"2 GiB are missing"}'
    pod = replace(POD, containers=(replace(FETCH, ended=Ended("Error", 73, noise)), MAIN))
    found = check_pod(pod)
    assert found is not None
    assert (found.reason, "2 GiB" in found.message) == ("ModelDiskFull", True)


def test_the_status_stays_while_the_kubelet_alternates_between_the_cause_and_a_back_off() -> None:
    cause = 'failed to resolve reference "r.example/engine:1": not found'
    said = {
        "ErrImagePull": cause,
        "ImagePullBackOff": f'Back-off pulling image "r.example/engine:1": ErrImagePull: {cause}',
    }
    told = {
        check_pod(replace(POD, containers=(replace(MAIN, waiting=reason, waiting_message=message),)))
        for reason, message in said.items()
    }
    assert len(told) == 1
