"""`python -m tests.benchmarks.operator`: how long, how many writes and how much memory 100 chatbots take.

etcd and kube-apiserver are real, and so is the operator's process; nothing runs the pods. Each chatbot has an engine of its own
unless `--shared` is given. The writes are counted by the API server's audit log. Prints one Markdown table and notes.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from urllib.error import URLError

from hack.cluster.apiserver import ControlPlane

from tests.integration.test_controller.chart import install_chart
from tests.integration.test_controller.cluster import OPERATOR_USER, Cluster, Object
from tests.integration.test_controller.objects import chatbot, config_map, index
from tests.integration.test_controller.process import free_port

KINDS = "deployments,services,configmaps,pvc,hpa,pdb,secrets"
MANAGED = "app.kubernetes.io/managed-by=kefu-operator"
QUIET_SECONDS = 5
WRITES = frozenset({"create", "update", "patch", "delete"})


@dataclass(frozen=True)
class Result:
    """What was measured."""

    chatbots: int
    children: int
    seconds_to_apply: float
    """The user's `kubectl apply`, beside which the operator works already."""
    seconds_to_last_child: float
    """From the beginning of `kubectl apply`."""
    seconds_to_quiet: float
    """Until the operator's last write, statuses included."""
    writes_by_verb: dict[str, int]
    writes_a_child: float
    """Creating and applying, without statuses and events; 1 is the least."""
    status_writes_a_chatbot: float
    restart_writes: int
    restart_seconds: float
    """Until everything has been looked at once more."""
    rss_mib_start: float
    rss_mib_end: float
    reconciles: int
    cpu_seconds: float
    """User and system time of the operator, its start left out."""


def main() -> int:
    """Measure and print; the exit code is 0 where every child came."""
    options = _options()
    with ControlPlane() as plane:
        cluster = Cluster(plane, "default")
        install_chart(cluster)
        result = measure(cluster, 10 if options.quick else options.chatbots, shared=options.shared)
    print("\n".join(table(result)))
    if options.json:
        options.json.write_text(json.dumps(asdict(result), indent=2))
    return 0


def table(result: Result) -> list[str]:
    """Lines of Markdown."""
    verbs = ", ".join(f"{count} {verb}" for verb, count in sorted(result.writes_by_verb.items()))
    rows = {
        "chatbots": result.chatbots,
        "children that they have": result.children,
        "until `kubectl apply` returns, s": result.seconds_to_apply,
        "until the last child stands, s": result.seconds_to_last_child,
        "until the last status is written, s": result.seconds_to_quiet,
        "writes a child": result.writes_a_child,
        "writes of the status a chatbot": result.status_writes_a_chatbot,
        "reconciles": result.reconciles,
        "CPU of the operator, s": result.cpu_seconds,
        "memory of the operator before, MiB": result.rss_mib_start,
        "memory of the operator after, MiB": result.rss_mib_end,
        "restart: until everything was looked at, s": result.restart_seconds,
        "restart: writes": result.restart_writes,
    }
    lines = ["| measure | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())]
    return [*lines, "", f"- Writes by kind: {verbs}.", "- Times begin with `kubectl apply`; nothing runs the pods."]


def measure(cluster: Cluster, count: int, *, shared: bool) -> Result:
    """One run."""
    expected = count * 9 + (1 if shared else count) * 3 + 6
    with operator(cluster) as (process, port):
        start_rss, start_cpu = _rss(process.pid), _cpu(process.pid)
        before = cluster.audit_end
        began = time.time()
        cluster.apply(config_map(), index(), *(_chatbot(number, shared=shared) for number in range(count)))
        applied = time.time()
        children = cluster.until(lambda: _children(cluster, expected), 600)
        _until_quiet(cluster)
        events = _events(cluster, before)
        reconciles = _metric(port, "kefu_operator_reconciles_total")
        end_rss, end_cpu = _rss(process.pid), _cpu(process.pid)
    restart, writes = _restart(cluster, reconciles_expected=count + 2)
    created = [event for event in events if _is_child(event)]
    statuses = [event for event in events if event["objectRef"].get("subresource") == "status"]
    return Result(
        chatbots=count,
        children=children,
        seconds_to_apply=round(applied - began, 2),
        seconds_to_last_child=round(max(_moment(event) for event in created) - began, 2),
        seconds_to_quiet=round(max(_moment(event) for event in events) - began, 2),
        writes_by_verb=dict(Counter(_verb(event) for event in events)),
        writes_a_child=round(len(created) / children, 3),
        status_writes_a_chatbot=round(len(statuses) / count, 2),
        restart_writes=writes,
        restart_seconds=restart,
        rss_mib_start=round(start_rss, 1),
        rss_mib_end=round(end_rss, 1),
        reconciles=int(reconciles),
        cpu_seconds=round(end_cpu - start_cpu, 2),
    )


@contextmanager
def operator(cluster: Cluster) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The operator's process, ready."""
    port = free_port()
    env = os.environ | {"KUBECONFIG": str(cluster.plane.user(OPERATOR_USER)), "KEFU_PORT": str(port),
                        "KEFU_NAMESPACES": cluster.namespace, "KEFU_LOG_LEVEL": "WARNING"}  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "kefu_operator"], env=env)
    try:
        cluster.until(lambda: _answers(port))
        yield process, port
    finally:
        process.terminate()
        process.wait(timeout=60)


def _restart(cluster: Cluster, reconciles_expected: int) -> tuple[float, int]:
    before, began = cluster.audit_end, time.time()
    with operator(cluster) as (_, port):
        cluster.until(lambda: _metric(port, "kefu_operator_reconciles_total") >= reconciles_expected, 300)
        took = time.time() - began
        _until_quiet(cluster)
    return round(took, 2), len(_events(cluster, before))


def _chatbot(number: int, *, shared: bool) -> Object:
    context = 4096 if shared else 4096 + number
    return chatbot(f"bot-{number}", engine={"llamaCpp": {"contextLength": context}})


def _children(cluster: Cluster, expected: int) -> int:
    found = len(cluster.all(KINDS, MANAGED))
    return found if found >= expected else 0


def _until_quiet(cluster: Cluster) -> None:
    seen = -1
    while seen != (now := len(_events(cluster, 0))):
        seen = now
        time.sleep(QUIET_SECONDS)


def _events(cluster: Cluster, since: int) -> list[Object]:
    with cluster.plane.audit_log.open() as log:
        log.seek(since)
        events = [json.loads(line) for line in log if line.endswith("\n")]
    return [event for event in events if event["verb"] in WRITES and event["user"]["username"] == OPERATOR_USER]


def _is_child(event: Object) -> bool:
    return "subresource" not in event["objectRef"] and event["objectRef"]["resource"] != "events"


def _verb(event: Object) -> str:
    target = event["objectRef"]
    return " ".join([event["verb"], "/".join(filter(None, (target["resource"], target.get("subresource"))))])


def _moment(event: Object) -> float:
    return datetime.fromisoformat(event["stageTimestamp"]).timestamp()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def _metric(port: int, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
        lines = response.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name}{{"))


def _rss(pid: int) -> float:
    """Resident memory in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _cpu(pid: int) -> float:
    """Seconds of processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.operator", description=__doc__)
    parser.add_argument("--chatbots", type=int, default=100, help="how many (default: 100)")
    parser.add_argument("--quick", action="store_true", help="10 chatbots, to see that it works")
    parser.add_argument("--shared", action="store_true", help="let all of them share one engine")
    parser.add_argument("--json", type=Path, help="write the result here too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
