"""CPUs of a container: what the kernel says in either version of cgroups."""

from pathlib import Path

import pytest

from kefu_serving.engines.cpus import available_cpus


@pytest.mark.parametrize(
    ("files", "affinity", "cpus"),
    [
        ({}, 8, 8),
        ({"cpu.max": "max 100000"}, 8, 8),
        ({"cpu.max": "150000 100000"}, 8, 2),
        ({"cpu.max": "50000 100000"}, 8, 1),
        ({"cpu.max": "1600000 100000"}, 8, 8),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 4, 4),
        ({"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, 4, 2),
    ],
)
def test_quota_and_affinity_bound_the_threads(tmp_path: Path, files: dict[str, str], affinity: int, cpus: int) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n")
    assert available_cpus(tmp_path, affinity) == cpus
