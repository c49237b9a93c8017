"""How ingestion grows: time and memory from 1,000 to 100,000 chunks, and what a re-ingestion costs when little has changed."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.effort import Effort
from tests.benchmarks.errors import LoadFailed
from tests.benchmarks.machine import ROOT
from tests.benchmarks.report import Report, Table
from tests.benchmarks.retrieval import pages
from tests.benchmarks.retrieval.subject import encoder
from tests.integration.test_retrieval import servers

SIZES, QUICK_SIZES = (1_000, 10_000, 100_000), (200, 1_000)
ENCODED, QUICK_ENCODED = 10_000, 200
SECONDS = 3_600

WHAT = """The ingestion job's code in a process of its own, into Milvus Lite's server: Markdown files of ten sections, one chunk
each. The first table leaves the encoder out (a text's vector is drawn from its hash), so that reading, cutting, bookkeeping and
the store are seen; *in the store* is the part of the time spent in calls of the store, *peak RSS* that of the job, without
the server, and without what wrote the files. The second table encodes with the built-in encoder, then ingests again with 1 % of the
documents changed."""


@dataclass(frozen=True)
class Run:
    """One ingestion as its process told it."""

    documents: int
    chunks: int
    embedded: int
    seconds: float
    in_store: float
    peak_bytes: int


def run(effort: Effort) -> Report:
    """All sizes. Raises Unavailable without the encoder, LoadFailed."""
    sizes = QUICK_SIZES if effort.quick else SIZES
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as name:
        folder = Path(name)
        runs = [_measured(folder / str(size), size, None)[0] for size in sizes]
        first, again = _measured(folder / "encoded", QUICK_ENCODED if effort.quick else ENCODED, encoder())
    return Report("Ingestion", WHAT, (_growth(runs), _again(first, again)))


def _measured(folder: Path, chunks: int, encoder_path: Path | None) -> tuple[Run, ...]:
    """A first ingestion, and one with 1 % changed where there is an encoder; on a store of their own."""
    changes = (0,) if encoder_path is None else (0, 1)
    with servers.milvus_lite(folder / "lite") as lite:
        return tuple(_ingest(folder, lite.uri, chunks, changed, encoder_path) for changed in changes)


def _ingest(folder: Path, uri: str, chunks: int, percent: int, encoder_path: Path | None) -> Run:
    print(f"ingestion: {chunks:,} chunks, {percent} % changed", flush=True)
    document = folder / "index.json"
    document.write_text(pages.write(folder, uri, chunks, percent).model_dump_json(by_alias=True))
    command = [sys.executable, "-m", "tests.benchmarks.retrieval.ingesting", str(document)]
    command += [str(encoder_path)] if encoder_path else []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        raise LoadFailed(f"the ingestion of {chunks:,} chunks failed:\n{done.stderr.strip()[-2000:]}")
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def _growth(runs: list[Run]) -> Table:
    head = ("chunks", "documents", "s", "documents/s", "chunks/s", "in the store s", "µs/chunk ÷ first", "peak RSS MB")
    base = runs[0].seconds / runs[0].chunks
    rows = [
        (
            f"{one.chunks:,}",
            f"{one.documents:,}",
            f"{one.seconds:.1f}",
            f"{one.documents / one.seconds:,.0f}",
            f"{one.chunks / one.seconds:,.0f}",
            f"{one.in_store:.1f}",
            f"{one.seconds / one.chunks / base:.2f}",
            f"{one.peak_bytes / 1e6:.0f}",
        )
        for one in runs
    ]
    return Table("Without the encoder", head, tuple(rows))


def _again(first: Run, again: Run) -> Table:
    head = ("", "chunks", "embedded", "s", "in the store s", "time ÷ first")
    rows = [
        (name, f"{one.chunks:,}", f"{one.embedded:,}", f"{one.seconds:.1f}", f"{one.in_store:.1f}", share)
        for name, one, share in (
            ("first", first, "1.00"),
            ("1 % of the documents changed", again, f"{again.seconds / first.seconds:.3f}"),
        )
    ]
    return Table("With the built-in encoder", head, tuple(rows))
