"""How a hanging engine is told from one that works: while it has something to do, its own count of steps must grow.

`/health` of vLLM and llama.cpp answers as long as their web server does, whatever became of the model behind it. The program
comes as an argument, as that of draining does; what it saw last it keeps in a file of the container. While an engine loads,
the startup probe asks, and this one does not.
"""

from kefu_operator.plan.workload import Probe

STALL_SECONDS = 300
"""Longest time for one step: a processor reads a whole batch of a prompt in one, a GPU takes milliseconds."""
PERIOD_SECONDS = 30
FAILURES = 4
TIMEOUT_SECONDS = 15

PROGRAM = """\
import json, sys, time, urllib.request

base, file, seconds, busy, steps = sys.argv[1:]
engine = urllib.request.build_opener(urllib.request.ProxyHandler({}))
engine.open(base + "/health", timeout=5).read()

def total(lines, names):
    return sum(float(line.split()[-1]) for line in lines if line.partition("{")[0].split(" ")[0] in names.split(","))

try:
    with open(file) as last:
        seen, since = json.load(last)
except (OSError, ValueError):
    seen, since = None, 0
now = time.monotonic()
try:
    lines = engine.open(base + "/metrics", timeout=5).read().decode().splitlines()
    running, done = total(lines, busy), total(lines, steps)
except OSError:
    # llama.cpp answers this between two steps only.
    running, done = 1, seen
if not running or done != seen or seen is None:
    with open(file, "w") as last:
        json.dump([done, now], last)
elif now - since > float(seconds):
    sys.exit(f"no step for {now - since:.0f} s while requests run")
"""


def alive(python: str, port: int, busy: tuple[str, ...], steps: str, seconds: float = STALL_SECONDS) -> tuple[str, ...]:
    """The command that fails when the engine's web server does not answer, or when it has had work for so long without a step.

    Args:
        python: name of the interpreter in the engine's image.
        port: of the engine's `/health` and `/metrics`.
        busy: names of gauges of requests.
        steps: name of a counter that every step of the model adds to.
        seconds: longest time for a step.
    """
    file = "/tmp/kefu-progress.json"  # noqa: S108 - the container's own
    return (python, "-c", PROGRAM, f"http://127.0.0.1:{port}", file, f"{seconds:g}", ",".join(busy), steps)


def liveness(python: str, port: int, busy: tuple[str, ...], steps: str) -> Probe:
    """The probe that asks so, with the arguments of `alive`."""
    return Probe(
        "http",
        "/health",
        period_seconds=PERIOD_SECONDS,
        failures=FAILURES,
        timeout_seconds=TIMEOUT_SECONDS,
        command=alive(python, port, busy, steps),
    )
