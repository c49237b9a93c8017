"""How an engine is drained: told to stop, a pod first waits until it answers nobody any more.

Neither vLLM nor llama.cpp can be relied on to finish what they have begun when they are told to end, so the pod's
`preStop` asks the engine's own figures. The program comes as an argument, since vLLM's image holds nothing of ours.
"""

SECONDS = 120
"""Longest time that answers get to be finished; a gateway that keeps its connections could go on asking for ever."""
SETTLE_SECONDS = 5
"""Until no proxy sends the pod anything new."""
GRACE_SECONDS = SECONDS + 30
"""For draining, and for ending itself afterwards."""

LOOPBACK = "127.0.0.1"
PROGRAM = """\
import sys, time, urllib.request

url, settle, seconds, *names = sys.argv[1:]
end = time.monotonic() + float(seconds)
engine = urllib.request.build_opener(urllib.request.ProxyHandler({}))
time.sleep(float(settle))
while time.monotonic() < end:
    try:
        lines = engine.open(url, timeout=5).read().decode().splitlines()
    except OSError:
        break
    if not sum(float(line.split()[-1]) for line in lines if line.partition("{")[0].split(" ")[0] in names):
        break
    time.sleep(1)
"""

ELSEWHERE = """\
import os, sys

sys.argv[1] = os.path.expandvars(sys.argv[1])
"""
"""In front of that where another pod answers: the kubelet puts variables into no command of a `preStop`."""


def drain(
    python: str,
    port: int,
    *figures: str,
    settle: float = SETTLE_SECONDS,
    seconds: float = SECONDS,
    host: str = LOOPBACK,
) -> tuple[str, ...]:
    """The command that returns when the sum of the figures is 0, when the engine is gone, or when the time is up.

    Args:
        python: name of the interpreter in the engine's image.
        port: of the engine's `/metrics`.
        figures: names of gauges of requests, those of all models and adapters together.
        settle: seconds before the first look.
        seconds: longest time, the settling included.
        host: where the engine answers; `$NAME` stands for a variable of the container.
    """
    program = PROGRAM if host == LOOPBACK else ELSEWHERE + PROGRAM
    return (python, "-c", program, f"http://{host}:{port}/metrics", f"{settle:g}", f"{seconds:g}", *figures)
