"""A stand-in for kubelet and controllers without waiting: lets Deployments and StatefulSets run and Jobs end well, as often as it is asked."""

import json
from typing import Any

from kefu_operator.client.client import Client
from kefu_operator.resources import CLAIMS, DEPLOYMENTS, JOBS, PODS, STATEFUL_SETS, Resource
from tests.integration.test_controller.cluster import ended_job, now
from tests.integration.test_controller.objects import report

Object = dict[str, Any]


class Kubelet:
    """Of one namespace."""

    def __init__(self, admin: Client, namespace: str) -> None:
        self._admin = admin
        self._namespace = namespace

    async def work(self) -> bool:
        """Do what is to be done; whether there was anything."""
        jobs = (await self._admin.list(JOBS, self._namespace)).items
        done = [
            await self._run(kind, found)
            for kind in (DEPLOYMENTS, STATEFUL_SETS)
            for found in (await self._admin.list(kind, self._namespace)).items
        ]
        done += [await self._end(job) for job in jobs]
        done += [await self._clear({job["metadata"]["name"] for job in jobs})]
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
        claim = await self._admin.get(CLAIMS, self._namespace, "shop-milvus")
        volume = claim["metadata"]["uid"] if claim else None
        said = json.dumps(report(name.removeprefix("shop-ingest-"), volume=volume))
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

    async def _tell(self, kind: Resource, name: str, status: Object) -> None:
        path = kind.path(self._namespace, name, "status")
        await self._admin.request("patch", path, {"status": status}, content_type="application/merge-patch+json")
