"""A cluster as the tests use it: the real API server, and a stand-in for kubelet and controllers.

What is asked again and again goes over an open connection, and what a person does once through kubectl.

There is no kubelet in the light control plane, so the tests write the status that one would write; everything else is real.
"""

import json
import subprocess
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from hack.cluster.apiserver import ControlPlane
from hack.stack.writes import write_events

from tests.integration.apiserver.connection import APPLY, MERGE, Connection
from tests.integration.apiserver.kinds import Kinds

OPERATOR_USER = "kefu-operator-under-test"
_APPLYING = "fieldManager=user&force=true&fieldValidation=Strict"
PATIENCE = 60
"""Seconds; generous, because the machine may be busy."""

Found = TypeVar("Found")
Object = dict[str, Any]


class Cluster:
    """One namespace of a control plane."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self.plane = plane
        self.namespace = namespace
        self._connection = Connection(plane.kubeconfig)
        self._kinds = Kinds(self._connection)

    def close(self) -> None:
        self._connection.close()

    def run(self, *words: str, stdin: str = "", check: bool = True) -> str:
        command = [str(self.plane.kubectl), "--kubeconfig", str(self.plane.kubeconfig), "-n", self.namespace, *words]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120, check=False)
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def apply(self, *objects: Object) -> None:
        """Server-side apply, as a user with kubectl."""
        for each in objects:
            kind, name = f"{each['apiVersion']}/{each['kind']}", each["metadata"]["name"]
            path = f"{self._kinds.collection(kind, self.namespace)}/{name}?{_APPLYING}"
            self._must("PATCH", path, each, APPLY)

    def replace(self, found: Object) -> None:
        """`kubectl replace`, again where a status was written between its reading and its writing."""
        self.until(lambda: self.run("replace", "-f", "-", stdin=json.dumps(found), check=False))

    def get(self, kind: str, name: str) -> Object | None:
        answer = self._connection.request("GET", f"{self._kinds.collection(kind, self.namespace)}/{name}")
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        assert answer.accepted, answer.message
        return answer.body

    def all(self, kind: str, selector: str = "") -> list[Object]:
        """The objects of a kind, or of several with commas between them."""
        query = f"?labelSelector={quote(selector)}" if selector else ""
        found: list[Object] = []
        for each in kind.split(","):
            body = self._must("GET", f"{self._kinds.collection(each, self.namespace)}{query}")
            meta = {"apiVersion": body["apiVersion"], "kind": body["kind"].removesuffix("List")}
            found += [meta | item for item in body["items"]]
        return found

    def patch_status(self, kind: str, name: str, status: Object) -> None:
        path = f"{self._kinds.collection(kind, self.namespace)}/{name}/status"
        self._must("PATCH", path, {"status": status}, MERGE)

    def _must(
        self, method: str, path: str, body: Object | None = None, content_type: str = "application/json"
    ) -> Object:
        answer = self._connection.request(method, path, body, content_type)
        assert answer.accepted, f"{method} {path}: {answer.message}"
        return answer.body

    def condition(self, kind: str, name: str, type_: str) -> Object:
        found = self.get(kind, name) or {}
        told = (found.get("status") or {}).get("conditions", ())
        return next((each for each in told if each["type"] == type_), {})

    def until(self, question: Callable[[], Found | None], patience: float = PATIENCE) -> Found:
        """Ask until the answer is true, and return it."""
        end = time.monotonic() + patience
        while not (answer := question()):
            if time.monotonic() > end:
                raise AssertionError(f"still {answer!r} after {patience} s")
            time.sleep(0.1)
        return answer

    def until_reason(self, kind: str, name: str, type_: str, reason: str) -> Object:
        seen: Object = {}

        def has() -> Object | None:
            nonlocal seen
            seen = self.condition(kind, name, type_)
            return seen if seen.get("reason") == reason else None

        try:
            return self.until(has)
        except AssertionError as error:
            raise AssertionError(f"{type_} of {kind}/{name} is {seen}") from error

    def run_deployment(self, name: str, kind: str = "deployment") -> None:
        """Let a Deployment's or a StatefulSet's pods run, as its controller and a kubelet would tell."""
        found = self.until(lambda: self.get(kind, name))
        replicas = found["spec"].get("replicas", 1)
        self.patch_status(kind, name, {
            "observedGeneration": found["metadata"]["generation"], "replicas": replicas, "updatedReplicas": replicas,
            "readyReplicas": replicas, "availableReplicas": replicas,
        })  # fmt: skip

    def make_pod(
        self, workload: str, template: Object, status: Object, suffix: str = "0", number: int | None = None
    ) -> str:
        """Create the pod of a workload's template, with the status that a kubelet would write; `number`: of an Indexed Job."""
        name = f"{workload}-{suffix}"
        meta = {"name": name, "labels": template["metadata"]["labels"]}
        if number is not None:
            meta["annotations"] = {"batch.kubernetes.io/job-completion-index": str(number)}
        self.apply({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]})
        self.patch_status("pod", name, status)
        return name

    def end_job(self, name: str, message: Object, exit_code: int = 0) -> None:
        """Let a Job's pod end with these last words."""
        job = self.until(lambda: self.get("job", name))
        message = {**message, **self._volume_told_to(name)} if exit_code == 0 else message
        ended = {
            "exitCode": exit_code,
            "reason": "Completed" if exit_code == 0 else "Error",
            "message": json.dumps(message),
        }
        container = {"name": "ingest", "image": "x", "imageID": "", "ready": False, "restartCount": 0,
                     "state": {"terminated": {**ended, "finishedAt": now(), "startedAt": now()}}}  # fmt: skip
        phase = "Succeeded" if exit_code == 0 else "Failed"
        self.make_pod(name, job["spec"]["template"], {"phase": phase, "containerStatuses": [container]})
        self.patch_status("job", name, ended_job(failed=exit_code != 0))

    def _volume_told_to(self, job: str) -> Object:
        """What a Job gives back of its document: the volume that it works on."""
        document = json.loads((self.get("configmap", job) or {})["data"]["index.json"])
        return {"volume": document["volume"]} if "volume" in document else {}

    def writes(self, since: int = 0) -> list[Object]:
        """The operator's writes in this namespace, from the API server's audit log after byte `since`."""
        events = write_events(self.plane.audit_log, OPERATOR_USER, since)
        return [event for event in events if event["objectRef"].get("namespace") == self.namespace]

    @property
    def audit_end(self) -> int:
        return self.plane.audit_log.stat().st_size


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def ended_job(*, failed: bool = False, pods: int = 1, failure: str = "PodFailurePolicy") -> Object:
    """Status of a Job that has ended, as its controller tells; `failure`: the reason, where it failed."""
    moment = {"lastProbeTime": now(), "lastTransitionTime": now(), "status": "True"}
    if failed:
        kinds, reason, count = ("FailureTarget", "Failed"), failure, {"failed": pods}
    else:
        kinds, reason, count = ("SuccessCriteriaMet", "Complete"), "CompletionsReached", {"succeeded": pods}
    conditions = [{"type": kind, "reason": reason, "message": "Job has reached its end", **moment} for kind in kinds]
    times = {"startTime": now()} if failed else {"startTime": now(), "completionTime": now()}
    return {**times, **count, "conditions": conditions}
