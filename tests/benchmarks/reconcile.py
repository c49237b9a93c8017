"""The operator's benchmark. Its driver is a program of its own, since it starts a control plane and a real operator.

`python -m tests.benchmarks.operator [--quick]` prints one Markdown table, and notes as a Markdown list, on standard
output; all else that it prints is progress.
"""

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from tests.benchmarks.effort import Effort
from tests.benchmarks.errors import LoadFailed, Unavailable
from tests.benchmarks.machine import ROOT
from tests.benchmarks.report import Report, Table

DRIVER = "tests.benchmarks.operator"
SECONDS = 3_600

WHAT = """A thousand ChatbotDeployments are made at once on the real etcd and kube-apiserver of `hack/cluster`, and a real
operator process reconciles them. A plain client-go controller (`hack/bench`: shared informers, ten workers, no client limit)
makes the same objects and statuses; its list of work is read back from what the operator wrote. The two take turns, each time on a
control plane of its own; figures are medians. Writes and times are those of the API server's audit log. Goals: a ratio of 1.0, 90 MB of
memory, p99 of one chatbot 2 s, a restart that writes nothing and is ready within 15 s, and an hour without writes."""


def run(effort: Effort) -> Report:
    """The driver's table. Raises Unavailable when there is no driver, LoadFailed when it fails."""
    if find_spec(DRIVER) is None or find_spec(f"{DRIVER}.__main__") is None:
        raise Unavailable(f"there is no {DRIVER} in this checkout")
    command = [sys.executable, "-m", DRIVER, *(["--quick"] if effort.quick else [])]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise LoadFailed(f"{DRIVER} did not end within {SECONDS} s") from error
    if done.returncode:
        raise LoadFailed(f"{DRIVER} ended with status {done.returncode}:\n{done.stderr.strip()[-2000:]}")
    return report(done.stdout.splitlines())


def report(lines: Sequence[str]) -> Report:
    """The page's section, out of what the driver printed. Raises LoadFailed when it printed no table."""
    cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("|")]
    if len(cells) < 3:
        raise LoadFailed(f"{DRIVER} printed no table:\n" + "\n".join(lines[-10:]))
    head, _, *rows = cells
    notes = tuple(line[2:] for line in lines if line.startswith("- "))
    return Report("Operator", WHAT, (Table("ChatbotDeployments made at once", head, tuple(rows)),), notes)
