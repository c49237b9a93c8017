import asyncio
import signal
import sys
from pathlib import Path

from tests.unit.test_local.processes import alive, until

PARENT = """
import asyncio, os, sys
from pathlib import Path
from kefu_operator.local.logs import LogFile
from kefu_operator.local.process import Process

async def main():
    child = await Process.start(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        env={}, folder=Path(sys.argv[1]), log=LogFile(Path(sys.argv[1]) / "log"),
    )
    print(child.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_children_do_not_survive_a_parent_that_is_killed_outright(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout
    child = int(await asyncio.wait_for(parent.stdout.readline(), 30))
    assert alive(child)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await until(lambda: not alive(child))
