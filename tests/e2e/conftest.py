"""One cluster with Kefu on it for the whole run; the example shop in a namespace of its own."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

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


@pytest.fixture(scope="session")
def vllm_image(stack: Stack) -> Iterator[Callable[[], str]]:
    """Waits for the image of vLLM's CPU build on the node, and gives its reference."""
    with ThreadPoolExecutor(1) as aside:
        loading = aside.submit(lambda: stack.load("vllm-cpu")["vllm-cpu"])
        yield loading.result


@pytest.fixture(scope="session", autouse=True)
def _loaded_ahead(request: pytest.FixtureRequest) -> None:
    """Loading it takes more than a minute, so it begins with the first test where any of them needs it."""
    if any(
        vllm_image.__name__ in item.fixturenames for item in request.session.items if isinstance(item, pytest.Function)
    ):
        request.getfixturevalue(vllm_image.__name__)
