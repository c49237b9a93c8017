"""The store away for a minute: what a service that is not restarted answers meanwhile, and how soon afterwards."""

import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.benchmarks.effort import Effort
from tests.benchmarks.errors import LoadFailed
from tests.benchmarks.gateway.figures import percentile
from tests.benchmarks.report import Report, Table
from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.words_endpoint import words_endpoint
from tests.integration.test_retrieval.world import Service, World, eventually

SECONDS, QUICK_SECONDS = 60.0, 3.0
QUESTION = "When is the shop open"
FAQ = "- {id: hours, question: When is the shop open, answer: From nine to five.}"
KINDS = ("killed", "stopped")

WHAT = """Milvus Lite's server is killed, or stopped where it is so that connections hang, for {seconds:g} s. The retrieval service is
asked all the time and not restarted. Every answer meanwhile must be a 503 with code V2001; afterwards it must answer again."""


def run(effort: Effort) -> Report:
    """Both kinds of absence. Raises LoadFailed when an answer was of another kind, or none came afterwards."""
    seconds = QUICK_SECONDS if effort.quick else SECONDS
    rows = []
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as name, words_endpoint() as embedding:
        folder = Path(name)
        with servers.milvus_lite(folder / "lite") as lite:
            world = World(folder, lite.uri, folder / "no-encoder", FAQ, embedding=embedding)
            if world.ingest(world.document())[0]:
                raise LoadFailed("nothing was published")
            with world.service() as service:
                eventually(lambda: service.get("/readyz")[0] == 200)
                rows = [_row(kind, lite, service, seconds) for kind in KINDS]
    head = ("the store was", "answers meanwhile", "of them V2001", "p50 s", "slowest s", "answered again after s")
    return Report("Store away", WHAT.format(seconds=seconds), (Table(f"{seconds:g} s each", head, tuple(rows)),))


def _row(kind: str, lite: servers.Server, service: Service, seconds: float) -> tuple[str, ...]:
    leave, come = (lite.kill, lite.start) if kind == "killed" else (lite.pause, lite.resume)
    answers, took = Counter[str](), list[float]()
    leave()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        status, found = service.search(QUESTION)
        took.append(time.monotonic() - began)
        answers[f"{status} {found.get('code')}"] += 1
        time.sleep(0.1)
    come()
    back = time.monotonic()
    eventually(lambda: service.search(QUESTION)[0] == 200)
    again = time.monotonic() - back
    if set(answers) != {"503 V2001"}:
        raise LoadFailed(f"while the store was {kind}: {dict(answers)}")
    count = answers["503 V2001"]
    return (kind, str(count), str(count), f"{percentile(took, 0.5):.2f}", f"{max(took):.2f}", f"{again:.2f}")
