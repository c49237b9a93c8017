"""An operator of a list of namespaces serves each of them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.objects import endpoint_chatbot
from tests.integration.test_controller.process import killed_at_the_end
from tests.integration.test_controller.test_leadership import Pair


@pytest.fixture
def four(cluster: Cluster) -> Iterator[list[Cluster]]:
    others = [Cluster(cluster.plane, f"{cluster.namespace}-{each}") for each in ("east", "north", "west")]
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": each.namespace}} for each in others]
    cluster.run("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": spaces}))
    yield [cluster, *others]
    for each in others:
        each.close()


def test_an_operator_of_four_namespaces_leads_and_serves_them_all(
    four: list[Cluster], kubeconfig: Path, tmp_path: Path
) -> None:
    names = ",".join(each.namespace for each in four)
    with killed_at_the_end() as started:
        Pair(four[0], kubeconfig, tmp_path, started).start_leader("v1", KEFU_NAMESPACES=names)
        for each in four:
            each.apply(endpoint_chatbot())
        for each in four:
            each.until(lambda each=each: each.get("deployment", "shop-gateway"))  # type: ignore[misc]
            each.until_reason("chatbot", "shop", "GatewayReady", "Starting")
