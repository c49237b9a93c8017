"""One cluster with Kefu on it for the whole run; the example shop in a namespace of its own."""

import os
from collections.abc import Iterator

import pytest
from hack.stack.install import Stack, bring_up
from hack.stack.shop import Shop

from tests.e2e.space import discard

KEEP = "KEFU_KEEP_CLUSTER"
"""Set to leave the cluster running after the tests, for looking at it or for a quick next run."""

WITH = "KEFU_CLUSTER_WITH"
"""What the cluster is to run besides, e.g. `keda metrics-server`, which takes minutes to compile."""


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The cluster, removed at the end unless KEFU_KEEP_CLUSTER is set."""
    running = bring_up(os.environ.get(WITH, "").split())
    yield running
    if not os.environ.get(KEEP):
        running.down()


@pytest.fixture(scope="session")
def shop(stack: Stack) -> Iterator[Shop]:
    """`examples/shop/`, applied and Ready."""
    deployed = Shop(stack.kube, "shop-e2e")
    deployed.apply()
    deployed.wait()
    yield deployed
    discard(stack.kube, deployed.namespace)
