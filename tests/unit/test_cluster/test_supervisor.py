"""Process 1 of the node keeps its components running."""

import json
import subprocess
import sys
from pathlib import Path

# In a process of its own, because the supervisor reaps every child, the test runner's included.
SCRIPT = """
import json, sys, time
from pathlib import Path
from hack.cluster.node.components import Component
from hack.cluster.node.supervisor import Supervisor

folder = Path(sys.argv[1])
supervisor = Supervisor(folder, folder / "components.json")
supervisor.start([Component("brief", [sys.executable, "-c", "print('hello')"]), Component("lasting", ["sleep", "600"])])
while (folder / "brief.log").read_text().count("hello") < 2:
    supervisor.step()
    time.sleep(0.05)
supervisor.step()
print((folder / "components.json").read_text())
import os, signal
os.kill(supervisor._children[1].pid, signal.SIGKILL)
"""


def test_what_ends_is_started_again_and_counted(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=Path(__file__).resolve().parents[3], capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    state = json.loads(done.stdout)
    assert state["brief"]["restarts"] >= 1
    assert state["lasting"] == {"running": True, "restarts": 0}
