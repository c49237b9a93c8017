"""Two hundred kills: `tests/integration/test_retrieval/kills.py` at length, and what came of it as a table."""

import tempfile
from pathlib import Path

from tests.benchmarks.effort import Effort
from tests.benchmarks.errors import LoadFailed
from tests.benchmarks.gateway.figures import percentile
from tests.benchmarks.report import Report, Table
from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.kills import ENTRIES, VICTIMS, Story, Tally
from tests.integration.test_retrieval.words_endpoint import words_endpoint

KILLS, QUICK_KILLS = 200, 3
SEED = 2026

WHAT = """SIGKILL in turns to the ingestion job, Milvus Lite's server and the retrieval service, each at a random moment, while
versions of {entries} chunks are written one after the other, most of them built on another, and somebody asks all the time. After each kill what was killed is
started again, the service must answer, and the published version must hold each chunk once; every answer must be drawn from
one whole version. A run that finds anything else fails and has no table."""


def run(effort: Effort) -> Report:
    """Kill, and count. Raises LoadFailed when anything was lost, doubled or mixed."""
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as name:
        folder = Path(name)
        with words_endpoint() as embedding, servers.milvus_lite(folder / "lite") as lite:
            tally = Story(folder, embedding, lite, SEED).run(QUICK_KILLS if effort.quick else KILLS)
    if tally.wrong:
        raise LoadFailed("; ".join(tally.wrong[:5]))
    return Report("Kills", WHAT.format(entries=ENTRIES), (table(tally),))


def table(tally: Tally) -> Table:
    """Counts, and how long it took until the next answer."""
    rows = [(f"kills of the {victim}", str(tally.kills[victim])) for victim in VICTIMS]
    rows += [(f"jobs: {end}", str(count)) for end, count in sorted(tally.jobs.items())]
    rows += [(f"searches: {end}", f"{count:,}") for end, count in sorted(tally.answers.items())]
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        rows.append((f"from a kill to the next answer, {name}, s", f"{percentile(tally.recoveries, share):.2f}"))
    rows.append(("looks at a version that was built on another", str(tally.built_on)))
    rows.append(("chunks lost, doubled or mixed", str(len(tally.wrong))))
    return Table("What came of it", ("", "count"), tuple(rows))
