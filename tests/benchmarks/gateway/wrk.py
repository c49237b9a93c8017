"""wrk as the driver of requests a second: one thread of C that leaves the cores to the subjects."""

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

from tests.benchmarks.errors import LoadFailed
from tests.benchmarks.gateway.target import Target

PROGRAM = "wrk"

_SCRIPT = """
local bodies, requests, turn = {%(bodies)s}, {}, 0
function init()
  %(headers)s
  for number, body in ipairs(bodies) do requests[number] = wrk.format("POST", "%(path)s", nil, body) end
end
function request()
  turn = turn %% #requests + 1
  return requests[turn]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\\n{"requests": %%d, "microseconds": %%d, "p50": %%d, "p99": %%d, "failed": %%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Flood:
    """Requests without a pause on every connection."""

    requests: int
    seconds: float
    p50: float
    """Median latency in seconds."""
    p99: float
    failed: int


def installed() -> bool:
    """Whether wrk is on PATH."""
    return shutil.which(PROGRAM) is not None


def flood(target: Target, connections: int, seconds: float) -> Flood:
    """Runs wrk for `seconds`, in whole ones and at least one. Raises LoadFailed when wrk does."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as script:
        script.write(_script(target))
        script.flush()
        duration = max(1, round(seconds))
        command = [PROGRAM, "-t1", f"-c{connections}", f"-d{duration}s", "--timeout", "30s", "-s", script.name]
        command.append(f"http://127.0.0.1:{target.port}")
        done = subprocess.run(command, capture_output=True, text=True, timeout=duration + 120, check=False)
    if done.returncode:
        raise LoadFailed(f"wrk ended with status {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    told = json.loads(done.stdout.strip().rpartition("\n")[2])
    elapsed, p50, p99 = (told[name] / 1e6 for name in ("microseconds", "p50", "p99"))
    return Flood(told["requests"], elapsed, p50, p99, told["failed"])


def _script(target: Target) -> str:
    return _SCRIPT % {
        "bodies": ", ".join(f"[==[{body}]==]" for body in target.bodies),
        "headers": "\n  ".join(f'wrk.headers["{name}"] = "{value}"' for name, value in target.headers),
        "path": target.path,
    }
