"""One cluster with Kefu on it for the whole run; the example shop in a namespace of its own.

Files that ask a real language model (mark `model`) run in turn in one worker, since two models on two cores outlast their time
limits. The others wait more than they compute, and run in turn beside them.
"""

import os
from collections.abc import Iterator

import pytest
from hack.cluster.cache import locked
from hack.stack.install import Stack, bring_up, find
from hack.stack.shop import Shop

KEEP = "KEFU_KEEP_CLUSTER"
"""Set to leave the cluster running after the tests, for looking at it or for a quick next run."""

WITH = "KEFU_CLUSTER_WITH"
"""What the cluster is to run besides, e.g. `keda metrics-server`, which takes minutes to compile."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each worker its half."""
    for item in items:
        half = "asking" if item.get_closest_marker("model") else "others"
        item.add_marker(pytest.mark.xdist_group(half))


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The cluster; several workers bring it up in turn, and those after the first find it there."""
    with locked("e2e"):
        return bring_up(os.environ.get(WITH, "").split())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove the cluster when all workers are done, unless KEFU_KEEP_CLUSTER is set."""
    is_worker = hasattr(session.config, "workerinput")
    if not (is_worker or session.config.option.collectonly or os.environ.get(KEEP)):
        find().down()


@pytest.fixture(scope="session")
def shop(stack: Stack) -> Iterator[Shop]:
    """`examples/shop/`, applied and Ready."""
    deployed = Shop(stack.kube, "shop-e2e")
    deployed.apply()
    deployed.wait()
    yield deployed
    stack.kube.kubectl("delete", "namespace", deployed.namespace, "--wait=true", timeout=180)
