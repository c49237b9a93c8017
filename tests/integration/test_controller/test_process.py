"""The operator as a process: it answers the kubelet, stops when told, and outlives the API server's absence."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from hack.ports import free_port

from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator, settings
from tests.integration.test_controller.objects import endpoint_chatbot
from tests.integration.test_controller.process import answer
from tests.integration.test_controller.proxy import proxied


def test_the_process_serves_its_probes_and_stops_at_sigterm(cluster: Cluster, kubeconfig: Path) -> None:
    port = free_port()
    env = os.environ | {"KUBECONFIG": str(kubeconfig), "KEFU_PORT": str(port), "KEFU_NAMESPACES": cluster.namespace}
    process = subprocess.Popen([sys.executable, "-m", "kefu_operator"], env=env, stdout=subprocess.PIPE, text=True)
    try:
        cluster.until(lambda: answer(port, "/readyz") == "ok")
        assert answer(port, "/healthz") == "ok"
        cluster.apply(endpoint_chatbot())
        assert cluster.until(lambda: cluster.get("deployment", "shop-gateway"))
        shown = answer(port, "/metrics")
        assert 'kefu_operator_writes_total{kind="Deployment",verb="apply"}' in shown
        assert "kefu_operator_queue_depth" in shown
        assert "process_resident_memory_bytes" in shown
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    lines = [json.loads(line) for line in said.splitlines()]
    assert lines[-1]["message"] == "operator stopped"
    key = cluster.run("get", "secret", "shop-api-key", "-o", "jsonpath={.data.key}")
    assert key not in said


def test_without_a_way_to_the_api_server_it_says_what_to_do() -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "KEFU"))}
    done = subprocess.run(
        [sys.executable, "-m", "kefu_operator"], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 78
    assert "set KUBECONFIG, or run in a pod" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_absence_of_the_api_server_is_survived(cluster: Cluster, kubeconfig: Path) -> None:
    with proxied(int(cluster.plane.url.rpartition(":")[2])) as proxy:
        indirect = kubeconfig.with_name(f"proxied-{cluster.namespace}.kubeconfig")
        text = json.loads(kubeconfig.read_text())
        text["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{proxy.port}"
        indirect.write_text(json.dumps(text))
        running = RunningOperator(settings(indirect, cluster.namespace))
        cluster.until(lambda: running.is_ready)
        cluster.apply(endpoint_chatbot())
        cluster.until(lambda: cluster.condition("chatbot", "shop", "Ready"))
        proxy.cut()
        cluster.apply(endpoint_chatbot("outlet"))
        cluster.run("delete", "service/shop-gateway")
        assert not running.operator.not_alive()
        proxy.mend()
        assert cluster.until(lambda: cluster.get("deployment", "outlet-gateway"), 120)
        assert cluster.until(lambda: cluster.get("service", "shop-gateway"), 120)
        running.stop()
