"""How many CPUs this process may really use: a container sees all of the node's, and may use a part of them."""

import math
import os
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")


def available_cpus(cgroup: Path = CGROUP_ROOT, affinity: int | None = None) -> int:
    """Count the CPUs open to this process, at least 1: the smaller of its affinity mask and its cgroup's quota.

    The quota is read as the kernel's `cpu.max` (cgroup v2) or `cpu.cfs_quota_us` (v1) says, rounded up: 1.5 CPUs
    are 2 threads.
    """
    allowed = affinity if affinity is not None else len(os.sched_getaffinity(0))
    quota = _quota_v2(cgroup) or _quota_v1(cgroup)
    return max(1, min(allowed, math.ceil(quota)) if quota else allowed)


def _quota_v2(cgroup: Path) -> float | None:
    words = _read(cgroup / "cpu.max").split()
    if len(words) != 2 or words[0] == "max":
        return None
    return int(words[0]) / int(words[1])


def _quota_v1(cgroup: Path) -> float | None:
    quota, period = _read(cgroup / "cpu/cpu.cfs_quota_us"), _read(cgroup / "cpu/cpu.cfs_period_us")
    if not quota or not period or int(quota) <= 0:
        return None
    return int(quota) / int(period)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
