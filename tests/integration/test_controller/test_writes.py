"""What the API server makes of our writes."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from kefu_operator.apply import Applier
from kefu_operator.errors import ApiError
from kefu_operator.metrics import Metrics
from tests.integration.test_controller.chaos import clients
from tests.integration.test_controller.cluster import Cluster


async def test_a_field_that_the_api_server_does_not_know_is_refused_though_it_need_not_look_for_any(
    cluster: Cluster, kubeconfig: Path
) -> None:
    meta = {"name": "shop", "namespace": cluster.namespace}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 80}], "prots": []}}
    since = cluster.audit_end
    async with clients(cluster.plane.kubeconfig, kubeconfig) as (_, client):
        with pytest.raises(ApiError, match=r"\.spec\.prots: field not declared in schema"):
            await Applier(client, Metrics(CollectorRegistry())).apply(service, None)
    (asked,) = cluster.until(lambda: cluster.writes(since))
    assert "fieldValidation=Ignore" in asked["requestURI"]
    assert cluster.get("service", "shop") is None
