"""`python -m tests.benchmarks.retrieval.peers defaults|orchestration JOB.json OUT.json`, run in the peers' environment."""

import argparse
import asyncio
import importlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kefu_retrieval.embeddings.builtin import BuiltinEmbedder
from tests.benchmarks.retrieval.peers import aliases
from tests.benchmarks.retrieval.peers.clocked import Clocked
from tests.benchmarks.retrieval.peers.protocol import Encode, Peer, Text
from tests.benchmarks.retrieval.vectors import KeptEmbedder

CLASSES = {"llamaindex": "LlamaIndex", "haystack": "Haystack", "langchain": "LangChain"}


def main() -> None:
    """Do one job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("defaults", "orchestration"))
    parser.add_argument("job", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    job = json.loads(given.job.read_text())
    left = defaults(job) if given.what == "defaults" else orchestration(job)
    given.out.write_text(json.dumps(left))


def defaults(job: dict[str, Any]) -> list[list[str]]:
    """Documents found for each query, with the peer's own splitter and retriever."""
    embedder = KeptEmbedder(BuiltinEmbedder(Path(job["encoder"])), Path(job["vectors"]))
    with asyncio.Runner() as runner:

        def encode(texts: Sequence[str]) -> list[list[float]]:
            vectors: list[list[float]] = runner.run(embedder.embed(texts)).tolist()
            return vectors

        peer = make(job, embedder.dimension, encode)
        peer.fill_split([Text(one["id"], f"{one['title']}\n{one['text']}".strip()) for one in job["documents"]])
        found = [peer.search(query, job["limit"]) for query in job["queries"]]
        runner.run(embedder.close())
    return found


def orchestration(job: dict[str, Any]) -> list[list[float]]:
    """For each query: seconds in all, and of these inside pymilvus's search."""
    known = {one["text"]: one["vector"] for one in [*job["rows"], *job["queries"]]}
    peer = make(job, job["dimension"], lambda texts: [known[text] for text in texts])
    peer.fill([Text(one["id"], one["text"]) for one in job["rows"]])
    clock, spans = Clocked(), []
    for number, query in enumerate([*job["queries"][: job["warm"]], *job["queries"]]):
        clock.take()
        began = time.perf_counter()
        found = peer.search(query["text"], job["limit"])
        seconds = time.perf_counter() - began
        if len(found) != job["limit"]:
            raise SystemExit(f"{job['peer']} found {len(found)} rows, not {job['limit']}")
        if number >= job["warm"]:
            spans.append([seconds, clock.take()])
    return spans


def make(job: dict[str, Any], dimension: int, encode: Encode) -> Peer:
    """The peer that the job names; only its own framework is imported."""
    aliases.mend()
    module = importlib.import_module(f"tests.benchmarks.retrieval.peers.{job['peer']}")
    peer: Peer = getattr(module, CLASSES[job["peer"]])(job["uri"], dimension, encode)
    return peer


if __name__ == "__main__":
    main()
