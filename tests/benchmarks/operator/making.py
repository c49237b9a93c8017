"""One controller making everything for many chatbots: how long it takes, and what it costs."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from kefu_operator.client.client import Client
from kefu_operator.client.connect import connect
from kefu_operator.resources import CHATBOTS
from tests.benchmarks.operator.audit import Trail, answered
from tests.benchmarks.operator.subject import Subject, cpu_of_plane
from tests.integration.test_controller.cluster import OPERATOR_USER, Cluster, Object

QUIET_SECONDS = 5
PATIENCE = 3600
FEEDERS = 8
"""Chatbots that the user's program creates at a time."""


@dataclass(frozen=True)
class Making:
    """What was measured."""

    trail: Trail
    to_feed: float
    """Seconds until all chatbots stood; the controller works meanwhile."""
    to_last_child: float
    """From the first chatbot's creation."""
    to_last_status: float
    peak_mib: float
    resident_mib: float
    cpu: float
    """Processor time of the controller."""
    reads: int
    """Requests of the controller that wrote nothing."""
    plane_cpu: float
    """Of etcd and kube-apiserver."""


def make(cluster: Cluster, subject: Subject, chatbots: Sequence[Object]) -> Making:
    """Create the chatbots and wait until the controller has told of each and writes no more.

    Raises:
        AssertionError: it did not, for an hour.
    """
    trail = Trail(cluster.plane.audit_log, OPERATOR_USER, cluster.audit_end)
    cpu, plane_cpu, began = subject.cpu, cpu_of_plane(cluster.plane), time.time()
    asyncio.run(_feed(cluster, chatbots))
    fed = time.time()
    _until_told(trail, {found["metadata"]["name"] for found in chatbots})
    return Making(
        trail=trail,
        to_feed=fed - began,
        to_last_child=max(map(answered, trail.children)) - began,
        to_last_status=max(map(answered, trail.statuses)) - began,
        peak_mib=subject.peak_mib,
        resident_mib=subject.resident_mib,
        cpu=subject.cpu - cpu,
        reads=trail.reads,
        plane_cpu=cpu_of_plane(cluster.plane) - plane_cpu,
    )


def _until_told(trail: Trail, names: set[str]) -> None:
    end, quiet_since = time.monotonic() + PATIENCE, time.monotonic()
    while time.monotonic() < end:
        if trail.follow():
            quiet_since = time.monotonic()
        told = {event["objectRef"]["name"] for event in trail.statuses}
        if names <= told and time.monotonic() - quiet_since > QUIET_SECONDS:
            return
        time.sleep(1)
    raise AssertionError(f"after {PATIENCE} s the controller still writes, or never told of some chatbot")


async def _feed(cluster: Cluster, chatbots: Sequence[Object]) -> None:
    waiting = list(reversed(chatbots))
    async with connect(cluster.plane.kubeconfig) as client:
        await asyncio.gather(*(_create(client, cluster.namespace, waiting) for _ in range(FEEDERS)))


async def _create(client: Client, namespace: str, waiting: list[Object]) -> None:
    while waiting:
        await client.request("post", CHATBOTS.path(namespace), waiting.pop(), field_manager="user")
