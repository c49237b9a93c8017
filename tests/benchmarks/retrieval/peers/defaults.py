"""The peers' searches as they come: their splitters, their retrievers, our documents and encoder."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from hack.cluster.cache import cache_root

from tests.benchmarks.errors import LoadFailed
from tests.benchmarks.machine import ROOT
from tests.benchmarks.retrieval.peers import environment
from tests.benchmarks.retrieval.sets import QualitySet
from tests.benchmarks.retrieval.subject import HITS, encoder

PEERS = {"LlamaIndex": "llamaindex", "Haystack": "haystack", "LangChain": "langchain"}
"""Names for people, and the modules that drive them."""
SECONDS = 1_800


def found(peer: str, asked: QualitySet, uri: str, folder: Path) -> list[list[str]]:
    """Ids of the documents that the peer finds for each query, best first. Raises LoadFailed, Unavailable."""
    job = {
        "peer": PEERS[peer],
        "uri": uri,
        "limit": HITS,
        "encoder": str(encoder()),
        "vectors": str(cache_root() / "bench" / "vectors"),
        "documents": [{"id": one.id, "title": one.title, "text": one.text} for one in asked.documents],
        "queries": [query.text for query in asked.queries],
    }
    result: list[list[str]] = ask("defaults", job, folder)
    return result


def ask(what: str, job: dict[str, Any], folder: Path) -> Any:
    """Run one job in the peers' environment, and read what it leaves. Raises LoadFailed, Unavailable."""
    given, left = folder / f"{job['peer']}-{what}.json", folder / f"{job['peer']}-{what}.out.json"
    given.write_text(json.dumps(job))
    command = [str(environment.python()), "-m", "tests.benchmarks.retrieval.peers", what, str(given), str(left)]
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        raise LoadFailed(f"{job['peer']} ended with status {done.returncode}:\n{done.stderr.strip()[-2000:]}")
    return json.loads(left.read_text())


def _environment() -> dict[str, str]:
    folders = (ROOT, ROOT / "crds" / "src", ROOT / "retrieval" / "src")
    quiet = {"HAYSTACK_TELEMETRY_ENABLED": "False", "LANGSMITH_TRACING": "false", "TOKENIZERS_PARALLELISM": "false"}
    return {**os.environ, **quiet, "PYTHONPATH": os.pathsep.join(map(str, folders))}
