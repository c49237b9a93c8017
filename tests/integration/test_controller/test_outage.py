"""A minute without the API server: the operator stays, its log stays short, and all is mended soon after."""

import json
import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from kefu_operator.settings import LeasePlace
from tests.integration.test_controller.chart import LEASE
from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator, settings, total
from tests.integration.test_controller.objects import endpoint_chatbot
from tests.integration.test_controller.proxy import proxied

SECONDS = 62


def test_the_api_server_is_away_for_a_minute(
    cluster: Cluster, kubeconfig: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with proxied(int(cluster.plane.url.rpartition(":")[2])) as proxy:
        indirect = kubeconfig.with_name(f"outage-{cluster.namespace}.kubeconfig")
        text = json.loads(kubeconfig.read_text())
        text["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{proxy.port}"
        indirect.write_text(json.dumps(text))
        lease = LeasePlace(*LEASE.split("/"))
        running = RunningOperator(replace(settings(indirect, cluster.namespace), lease=lease))
        cluster.until(lambda: running.is_ready)
        cluster.apply(endpoint_chatbot())
        cluster.until(lambda: cluster.get("service", "shop-gateway"))
        cluster.until(lambda: cluster.condition("chatbot", "shop", "Ready"))
        proxy.cut()
        caplog.clear()
        time.sleep(SECONDS)
        # Who cannot renew the lease writes no more, is alive, and says that it is not ready.
        assert total(running, "kefu_operator_leading") == 0
        assert not running.operator.not_alive()
        assert "cannot be held" in running.operator.not_ready()
        cluster.apply(endpoint_chatbot("outlet"))
        cluster.run("delete", "service/shop-gateway")
        said = len(caplog.records)
        proxy.mend()
        started = time.monotonic()
        assert cluster.until(lambda: cluster.get("service", "shop-gateway"), 120)
        assert cluster.until(lambda: cluster.get("deployment", "outlet-gateway"), 120)
        print(f"mended {time.monotonic() - started:.1f} s after the API server was back; {said} lines in {SECONDS} s")
        cluster.until(lambda: running.is_ready)
        running.stop()
    assert said <= 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
