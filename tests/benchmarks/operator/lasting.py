"""What the operator does when all is made: one more chatbot, a restart, an hour in which nothing happens."""

import json
import time

from tests.benchmarks.operator.audit import Trail, answered
from tests.benchmarks.operator.making import QUIET_SECONDS
from tests.benchmarks.operator.subject import operator
from tests.integration.test_controller.cluster import OPERATOR_USER, Cluster, Object

LOOKS = 6
"""How often the operator looks at everything within an hour."""
RESYNC_SECONDS = 20
"""Between two of these looks, here."""
RECONCILES = "kefu_operator_reconciles_total"


def one_more(cluster: Cluster, made: Object) -> float:
    """Seconds from a chatbot's creation to its status, while all others are settled."""
    trail = Trail(cluster.plane.audit_log, OPERATOR_USER, cluster.audit_end)
    began = time.time()
    cluster.run("create", "-f", "-", stdin=json.dumps(made))

    def told() -> float | None:
        trail.follow()
        times = [answered(each) for each in trail.statuses if each["objectRef"]["name"] == made["metadata"]["name"]]
        return max(times, default=0) - began if times else None

    return cluster.until(told, 120)


def restart(cluster: Cluster, keys: int) -> dict[str, float]:
    """Begin anew over settled objects: seconds until it is ready and until each key was looked at, memory, and writes."""
    trail, began = Trail(cluster.plane.audit_log, OPERATOR_USER, cluster.audit_end), time.time()
    with operator(cluster) as subject:
        ready = time.time() - began
        cluster.until(lambda: subject.metric(RECONCILES) >= keys, 600)
        looked = time.time() - began
        time.sleep(QUIET_SECONDS)
        trail.follow()
        return {"ready": ready, "looked": looked, "peak_mib": subject.peak_mib, "writes": len(trail.events)}


def hour(cluster: Cluster, keys: int) -> dict[str, float]:
    """As many looks at everything as an hour has, in quick succession: how many reconciles, and writes."""
    with operator(cluster, KEFU_RESYNC_SECONDS=str(RESYNC_SECONDS)) as subject:
        cluster.until(lambda: subject.metric(RECONCILES) >= keys, 600)
        trail, before = Trail(cluster.plane.audit_log, OPERATOR_USER, cluster.audit_end), subject.metric(RECONCILES)
        while subject.metric(RECONCILES) - before < LOOKS * keys:
            time.sleep(1)
        trail.follow()
        return {
            "reconciles": subject.metric(RECONCILES) - before,
            "peak_mib": subject.peak_mib,
            "writes": len(trail.events),
        }
