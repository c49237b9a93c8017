"""A stand-in for kubelet and controllers without waiting, as often as it is asked.

It lets Deployments and StatefulSets run and Jobs end well, and removes what only somebody who is gone has owned.
"""

import json
from collections.abc import Collection, Iterable
from typing import Any

from kefu_operator import naming
from kefu_operator.client.client import Client
from kefu_operator.resources import CHATBOTS, CLAIMS, DEPLOYMENTS, INDEXES, JOBS, PODS, STATEFUL_SETS, Resource
from tests.integration.test_controller.cluster import ended_job, now
from tests.integration.test_controller.objects import report

Object = dict[str, Any]


class Kubelet:
    """Of one namespace."""

    def __init__(self, admin: Client, namespace: str, made: Iterable[Resource]) -> None:
        """Take the kinds of objects that go with their owners."""
        self._admin = admin
        self._namespace = namespace
        self._made = tuple(made)
        self._owners: set[str] = set()
        """UIDs of those that may still own something."""

    async def work(self) -> bool:
        """Do what is to be done; whether there was anything."""
        jobs = (await self._admin.list(JOBS, self._namespace)).items
        done = [
            await self._run(kind, found)
            for kind in (DEPLOYMENTS, STATEFUL_SETS)
            for found in (await self._admin.list(kind, self._namespace)).items
        ]
        done += [await self._end(job) for job in jobs]
        done += [await self._clear({job["metadata"]["name"] for job in jobs}), await self._collect()]
        return any(done)

    async def _run(self, kind: Resource, found: Object) -> bool:
        meta, status = found["metadata"], found.get("status", {})
        replicas = found["spec"].get("replicas", 1)
        if (status.get("observedGeneration"), status.get("readyReplicas")) == (meta["generation"], replicas):
            return False
        await self._tell(kind, meta["name"], {
            "observedGeneration": meta["generation"], "replicas": replicas, "updatedReplicas": replicas,
            "readyReplicas": replicas, "availableReplicas": replicas,
        })  # fmt: skip
        return True

    async def _end(self, job: Object) -> bool:
        if job.get("status", {}).get("conditions"):
            return False
        name = job["metadata"]["name"]
        index, _, version = name.partition("-ingest-")
        if not version:
            await self._tell(JOBS, name, ended_job())
            return True
        claim = await self._admin.get(CLAIMS, self._namespace, f"{index}-milvus")
        volume = claim["metadata"]["uid"] if claim else None
        said = json.dumps(report(version, volume=volume))
        ended = {"exitCode": 0, "reason": "Completed", "message": said, "finishedAt": now(), "startedAt": now()}
        template = job["spec"]["template"]
        pod = {"apiVersion": "v1", "kind": "Pod", "spec": template["spec"],
               "metadata": {"name": f"{name}-0", "namespace": self._namespace, "labels": template["metadata"]["labels"]}}  # fmt: skip
        await self._admin.request("post", PODS.path(self._namespace), pod)
        container = {"name": "ingest", "image": "x", "imageID": "", "ready": False, "restartCount": 0,
                     "state": {"terminated": ended}}  # fmt: skip
        await self._tell(PODS, f"{name}-0", {"phase": "Succeeded", "containerStatuses": [container]})
        await self._tell(JOBS, name, ended_job())
        return True

    async def _clear(self, jobs: set[str]) -> bool:
        """Pods go with their Job."""
        pods = (await self._admin.list(PODS, self._namespace)).items
        left = [pod["metadata"]["name"] for pod in pods if pod["metadata"]["name"].removesuffix("-0") not in jobs]
        for name in left:
            await self._admin.request("delete", PODS.path(self._namespace, name), {"gracePeriodSeconds": 0})
        return bool(left)

    async def _collect(self) -> bool:
        """As the garbage collector does, and in time the controller of Jobs with one that nobody owns."""
        users = [each for kind in (CHATBOTS, INDEXES) for each in (await self._admin.list(kind, self._namespace)).items]
        alive = {each["metadata"]["uid"] for each in users}
        self._owners |= alive
        if self._owners == alive:
            return False
        left = [(kind, each) for kind in self._made for each in (await self._admin.list(kind, self._namespace)).items]
        gone = [(kind, each) for kind, each in left if _is_left(each, alive, {_label(user) for user in users})]
        for kind, each in gone:
            # What a finalizer of Kubernetes holds, as it does claims, goes for those who ask.
            await self._admin.request(
                "delete", kind.path(self._namespace, each["metadata"]["name"]), {"propagationPolicy": "Background"}
            )
        self._owners = self._owners if gone else alive
        return bool(gone)

    async def _tell(self, kind: Resource, name: str, status: Object) -> None:
        path = kind.path(self._namespace, name, "status")
        await self._admin.request("patch", path, {"status": status}, content_type="application/merge-patch+json")


def _label(user: Object) -> str:
    return naming.owned_by(user["kind"], user["metadata"]["name"])


def _is_left(found: Object, alive: Collection[str], users: Collection[str]) -> bool:
    meta = found["metadata"]
    if "deletionTimestamp" in meta:
        return False
    if owners := meta.get("ownerReferences"):
        return not any(owner["uid"] in alive for owner in owners)
    return "ttlSecondsAfterFinished" in found.get("spec", {}) and meta["labels"][naming.OWNED_BY] not in users
