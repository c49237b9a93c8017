"""`python3 -m hack.gpu.vllm`: what a real vLLM does on a GPU when it is started as the operator plans it, as JSON.

Wants vLLM and a GPU, .gpu/plans.json (`python -m hack.gpu.plans` writes it where Kefu is installed), and a machine that is nobody's
pod, since the plans' paths and port are taken as they are. Weights are invented (`--load-format dummy`); all else of a command is
the plan's. Servers run one after another, the most telling first, until the time is up. Into the folder $OUT go vllm.json, rewritten
after every check, and servers.log. For each server:

- promise: what Kefu's arithmetic says, in bytes and tokens; logged: what vLLM's log says; used: MiB that nvidia-smi counts;
- series: the figures that Kefu reads, and whether they are there;
- chat: an answer by the route that gateways use; idle: liveness and drain of a server at rest;
- speed: customers with 1,500 tokens of prompt, 1,000 of them in common, and 150 of answer;
- fill: more prompts than the cache holds at once, with liveness and drain meanwhile: the greatest figures, and what was left alive;
- adapters: the companion of the plan loads an adapter, and it answers.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hack.gpu import folder, load
from hack.gpu.server import TAIL, Failed, Server, Watch, figures, get, used

PLANS = Path(".gpu/plans.json")
PROGRESS = Path("/tmp/kefu-progress.json")  # noqa: S108 - of the planned liveness
LOAD_SECONDS = 200
"""Longest time until a server answers."""
LEAST_SECONDS = 70
"""With less left, no other server is started."""
USERS = ((1, 6), (8, 3), (32, 3), (128, 2))
"""How many customers at a time, and how many questions each asks."""
LONG, LONG_ANSWER = 8000, 192
"""Tokens of the prompts that fill the cache, and the fewest of their answers."""
STEP = 6000
"""Tokens that are read in one step at least, so that an answer lasts until the cache is full."""
FILL_SECONDS = 75.0
T = TypeVar("T")
COUNTERS = ("vllm:prefix_cache_queries_total", "vllm:prefix_cache_hits_total", "vllm:num_preemptions_total")


@dataclass(frozen=True)
class Run:
    """One server, while it is looked at."""

    server: Server
    plan: dict[str, Any]
    series: dict[str, Any]
    end: float
    """On the clock of `time.monotonic`."""

    @property
    def left(self) -> float:
        """Seconds."""
        return self.end - time.monotonic()

    @property
    def names(self) -> tuple[str, ...]:
        """Of all figures that Kefu reads."""
        return tuple(dict.fromkeys((*self.series["busy"], self.series["steps"], *self.series["signals"])))


def within(run: Run, answer: Coroutine[Any, Any, T]) -> T:
    """The answer, if it comes before the time is up. Raises TimeoutError."""
    return asyncio.run(asyncio.wait_for(answer, max(5, run.left - 5)))


def series(run: Run) -> dict[str, Any]:
    """Which figures there are."""
    found = figures(get("/metrics"))
    return {"read": {name: name in found for name in run.names}, "all": sorted(found)}


def chat(run: Run) -> dict[str, Any]:
    """A gateway's request."""
    return load.summary([within(run, load.chat())], 1)


def idle(run: Run) -> dict[str, Any]:
    """Liveness twice, since it compares with what it saw last, and drain, which is to return after its settling."""
    PROGRESS.unlink(missing_ok=True)
    begun = time.monotonic()
    alive = [_alive(run), _alive(run)]
    liveness = time.monotonic() - begun
    code = subprocess.run(run.plan["drain"], timeout=max(5, run.left), check=False).returncode
    return {
        "alive": alive,
        "aliveSeconds": liveness,
        "drained": code,
        "drainSeconds": time.monotonic() - begun - liveness,
    }


def speed(run: Run) -> dict[str, Any]:
    """Customers at a time."""
    prefix = load.tokens(load.PREFIX)
    within(run, load.ask([*prefix, *load.tokens(500)], 8))
    before = figures(get("/metrics"))
    found = []
    for users, turns in USERS:
        if run.left < 25:
            break
        found.append(within(run, load.speed(users, turns, prefix)))
        print(json.dumps(found[-1]), flush=True)
    after = figures(get("/metrics"))
    return {"loads": found, "counted": {name: after.get(name, 0) - before.get(name, 0) for name in COUNTERS}}


def fill(run: Run) -> dict[str, Any]:
    """The cache beyond its edge, while the planned scripts ask how the server is."""
    capacity = int(run.server.logged().get("cacheTokens") or run.plan["promise"]["tokens"])
    context = int(_option(run.plan["command"], "--max-model-len") or run.plan["config"]["max_position_embeddings"])
    longest = max(LONG_ANSWER, capacity // STEP)
    each = min(LONG, context - longest - 1)
    steps = run.series["steps"]
    before = figures(get("/metrics"))

    async def together() -> tuple[dict[str, Any], list[int], int | None]:
        task = asyncio.create_task(load.fill(capacity, each, longest, min(FILL_SECONDS, max(10.0, run.left - 15))))
        await asyncio.sleep(1)
        drain = await asyncio.create_subprocess_exec(*run.plan["drain"])
        alive = [await asyncio.to_thread(_alive, run)]
        await asyncio.sleep(2)
        alive.append(await asyncio.to_thread(_alive, run))
        ending = asyncio.create_task(_ended(drain))
        said, last = await task
        await asyncio.wait({ending}, timeout=15)
        if not ending.done():
            drain.kill()
        said["drainAfterLastAnswerSeconds"] = round(await ending - last, 2)
        return said, alive, drain.returncode

    with Watch((*run.names, *COUNTERS)) as watch:
        said, alive, drained = asyncio.run(together())
    run.server.check()
    after = figures(get("/metrics"))
    again = within(run, load.ask(load.tokens(100), 8))
    return {
        **said,
        "alive": alive,
        "drained": drained,
        "most": watch.most,
        "mostMemoryMiB": watch.memory,
        "looks": watch.looks,
        "missedLooks": watch.missed,
        "steps": after.get(steps, 0) - before.get(steps, 0),
        "preemptions": after.get(COUNTERS[2], 0) - before.get(COUNTERS[2], 0),
        "answersAfterwards": not again.failure,
    }


def adapters(run: Run) -> dict[str, Any]:
    """The companion, from the document to an answer in the adapter's name."""
    companion = run.plan["companion"]
    for path, text in companion["files"].items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
    for path in companion["adapters"].values():
        folder.adapter(Path(path), run.plan["config"])
    here = Path.cwd()
    path = [str(here / part) for part in ("operator/src", "crds/src")] + [os.environ.get("PYTHONPATH", "")]
    command = [sys.executable, *companion["command"][1:]]
    log = run.server.log.with_name("companion.log").open("w")
    begun = time.monotonic()
    process = subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": ":".join(path)}, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        loaded: set[str] = set()
        while not loaded and time.monotonic() - begun < 60 and process.poll() is None:
            time.sleep(0.5)
            loaded = {each["id"] for each in json.loads(get("/v1/models"))["data"] if each.get("parent")}
        seconds = time.monotonic() - begun
        answers = {name: load.summary([within(run, load.chat(name))], 1) for name in companion["adapters"]}
    finally:
        process.terminate()
        process.wait(10)
        log.close()
    said = run.server.log.with_name("companion.log").read_text()[-1500:]
    return {"loaded": sorted(loaded), "seconds": seconds, "answers": answers, "said": said}


CHECKS: dict[str, Callable[[Run], dict[str, Any]]] = {
    check.__name__: check for check in (series, chat, idle, speed, fill, adapters)
}


def _alive(run: Run) -> int:
    """What the planned liveness returns."""
    return subprocess.run(run.plan["liveness"], timeout=30, check=False).returncode


async def _ended(process: asyncio.subprocess.Process) -> float:
    """When, on the clock of `time.monotonic`."""
    await process.wait()
    return time.monotonic()


def _option(command: list[str], name: str) -> str | None:
    return command[command.index(name) + 1] if name in command else None


class Report:
    """vllm.json, whole after every figure."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.found: dict[str, Any] = {"servers": {}}

    def say(self, server: str, name: str, value: object) -> None:
        """Keep and print one finding."""
        self.found["servers"].setdefault(server, {})[name] = value
        self._file.write_text(json.dumps(self.found, indent=1, default=str))
        print(f"{server} {name}: {json.dumps(value, default=str)[:1500]}", flush=True)


def look(name: str, plans: dict[str, Any], report: Report, log: Path, end: float, more: tuple[str, ...]) -> bool:
    """Start one server and do its checks; whether it began to answer."""
    plan = plans["servers"][name]
    folder.model(Path(plan["folder"]), plan["config"])
    report.say(name, "promise", plan["promise"])
    with Server(name, plan, log, more) as server:
        run = Run(server, plan, plans["series"], end)
        try:
            report.say(name, "readySeconds", server.ready(min(LOAD_SECONDS, run.left)))
        except Failed as failure:
            report.say(name, "failed", str(failure))
            print(server.text()[-TAIL:], flush=True)
            return False
        report.say(name, "logged", server.logged())
        report.say(name, "used", used())
        for check in plan["checks"]:
            if run.left < 10:
                report.say(name, "cutShort", check)
                break
            try:
                report.say(name, check, CHECKS[check](run))
                server.check()
            except Failed as failure:
                report.say(name, "failed", f"{check}: {failure}")
                print(server.text()[-TAIL:], flush=True)
                break
            except Exception as error:  # noqa: BLE001 - the device's time is short: one check's fault costs no other
                report.say(name, check, {"error": repr(error)})
    return True


def main() -> int:
    """Look at every server, or those that are named, as far as the time goes."""
    parser = argparse.ArgumentParser("python3 -m hack.gpu.vllm", description=main.__doc__)
    parser.add_argument("names", nargs="*", help="servers of the plans; none: all, in their order")
    parser.add_argument("--seconds", type=float, default=420, help="after which all ends")
    parser.add_argument("--more", action="append", default=[], help="option that every command gets besides")
    arguments = parser.parse_args()
    end = time.monotonic() + arguments.seconds
    plans = json.loads(PLANS.read_text())
    out = Path(os.environ.get("OUT", "."))
    report, failed = Report(out / "vllm.json"), 0
    report.found |= {"more": arguments.more, "device": _device(), "versions": _versions()}
    for name in arguments.names or plans["servers"]:
        if end - time.monotonic() < LEAST_SECONDS:
            report.say(name, "skipped", "no time was left")
            continue
        begun = time.monotonic()
        answered = look(name, plans, report, out / "servers.log", end, tuple(arguments.more))
        report.say(name, "seconds", round(time.monotonic() - begun, 1))
        failed = 0 if answered else failed + 1
        if failed == 2:
            print("two servers in a row did not start: the rest is left", flush=True)
            break
    return 0


def _device() -> str:
    asked = ("nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")
    try:
        return subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        return repr(error)


def _versions() -> dict[str, str]:
    code = "import importlib.metadata as m; print(*(f'{n} {m.version(n)}' for n in ('vllm','torch','triton','transformers')), sep=',')"
    said = subprocess.run(("python3", "-c", code), capture_output=True, text=True, timeout=60, check=False).stdout
    return dict(part.split(" ", 1) for part in said.strip().split(",") if " " in part)


if __name__ == "__main__":
    sys.exit(main())
