"""`python -m kefu_retrieval serve|ingest|publish|remove`: the retrieval pod and the jobs of an index."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from prometheus_client import start_http_server

from kefu_api import cycles
from kefu_api.documents.index import IngestionFailure, IngestionReport, RemovalReport, ShardReport, StoreTarget
from kefu_api.token import TokenFile
from kefu_retrieval import documents, logs, termination
from kefu_retrieval.errors import BuildSpoilt, RetrievalError
from kefu_retrieval.scratch.room import needing_room
from kefu_retrieval.settings import Settings
from kefu_retrieval.store.milvus import MilvusStore
from kefu_retrieval.versions import publishing, removal

TEMPORARY = 75
"""EX_TEMPFAIL of sysexits.h: run it again."""
PERMANENT = 65
"""EX_DATAERR of sysexits.h: change something first."""
BEGIN_ANEW = 70
"""EX_SOFTWARE of sysexits.h: end every shard, and start them all again."""

REMOVE = "drop all that an index wrote to a store"

log = logging.getLogger("kefu_retrieval")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, 75 (temporary failure), 70 (the same, of all shards) or 65 (permanent)."""
    asked = _parser().parse_args(arguments)
    logs.configure()
    settings = Settings.from_environment()
    if asked.command == "ingest":
        return job(lambda: _ingest(asked.index, settings), settings)
    if asked.command == "publish":
        return job(lambda: publishing.publish(asked.index), settings)
    if asked.command == "remove":
        return job(lambda: removal.remove(_target(asked)), settings)
    if asked.metrics_port:
        start_http_server(asked.metrics_port, asked.host)
    return serve(asked.index, asked.host, asked.port, settings, TokenFile(asked.token) if asked.token else None)


def job(act: Callable[[], IngestionReport | ShardReport | RemovalReport], settings: Settings) -> int:
    """Run a job to its end; its report, or why it failed, is its termination message."""
    try:
        with needing_room():
            report = act()
    except RetrievalError as error:
        log.error("the job failed", extra={"reason": error.reason, "error": str(error)})
        termination.leave(
            IngestionFailure(reason=error.reason, message=str(error)[:1_000], temporary=error.temporary),
            settings.termination_log,
        )
        return _status(error)
    told = termination.fit(report) if isinstance(report, IngestionReport) else report
    termination.leave(told, settings.termination_log)
    return 0


def _status(error: RetrievalError) -> int:
    if isinstance(error, BuildSpoilt):
        return BEGIN_ANEW
    return TEMPORARY if error.temporary else PERMANENT


def _ingest(path: Path, settings: Settings) -> IngestionReport | ShardReport:
    """Build the version that the document names, and release it."""
    return asyncio.run(_build(path, settings))


async def _build(path: Path, settings: Settings) -> IngestionReport | ShardReport:
    # Imported here: to publish a version takes seconds, and must not wait for what only builds or serves.
    from kefu_retrieval.building.shard import Shard
    from kefu_retrieval.embeddings.choose import choose
    from kefu_retrieval.ingest import Ingestion
    from kefu_retrieval.rerankers import choose as rerankers
    from kefu_retrieval.search.reranking import Reranking

    index = documents.read(path)
    store = MilvusStore(index.store)
    try:
        embedder = choose(index.embedding, settings)
        judged = index.reranking if index.evaluation else None
        reranking = Reranking.of(judged, lambda by: rerankers.choose(by, settings))
        try:
            shard = Shard.numbered(settings.shard, index.shards)
            ingestion = Ingestion(index, store, embedder, reranking=reranking, shard=shard)
            return await (ingestion.run() if shard.leads else ingestion.run_part())
        finally:
            await embedder.close()
            if reranking:
                await reranking.close()
    finally:
        store.close()


def serve(path: Path, host: str, port: int, settings: Settings, tokens: TokenFile | None) -> int:
    """Serve until a signal ends it, to whoever sends one of `tokens`."""
    import uvicorn

    from kefu_retrieval import app
    from kefu_retrieval.embeddings.choose import choose
    from kefu_retrieval.rerankers import choose as rerankers
    from kefu_retrieval.service import Service

    try:
        service = Service(
            path,
            make_store=lambda target: MilvusStore(target, timeout=settings.store_timeout),
            make_embedder=lambda embedding: choose(embedding, settings),
            timeout=settings.store_timeout,
            make_reranker=lambda by: rerankers.choose(by, settings),
        )
    except RetrievalError as error:
        log.error("cannot serve", extra={"reason": error.reason, "error": str(error)})
        return TEMPORARY if error.temporary else PERMANENT
    cycles.look_seldom()
    uvicorn.run(app.create(service, tokens), host=host, port=port, loop="uvloop", log_config=None, access_log=False)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kefu_retrieval", description="Kefu's retrieval service.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, purpose in (
        ("serve", "answer searches over HTTP"),
        ("ingest", "build a version of an index, judge it and publish it"),
        ("publish", "publish a version that the store holds, without building anything"),
    ):
        command = commands.add_parser(name, help=purpose, description=purpose)
        command.add_argument("--index", type=Path, required=True, help="the index document, as JSON")
        if name == "serve":
            command.add_argument("--host", default="0.0.0.0", help="address to listen on (default: %(default)s)")
            command.add_argument("--port", type=int, default=8081, help="port to listen on (default: %(default)s)")
            command.add_argument(
                "--metrics-port", type=int, help="port that shows metrics to everybody (default: none)"
            )
            command.add_argument("--token", type=Path, help="file of the token that callers must send (default: none)")
    command = commands.add_parser("remove", help=REMOVE, description=REMOVE)
    command.add_argument("--uri", required=True, help="of the Milvus")
    command.add_argument("--alias", required=True, help="Milvus alias of the index")
    command.add_argument("--database", help="Milvus database (default: the default one)")
    command.add_argument("--token-file", help="file of `user:password` or a token (default: none)")
    command.add_argument("--ca-file", help="file of the CA certificates (default: those that everybody trusts)")
    return parser


def _target(asked: argparse.Namespace) -> StoreTarget:
    return StoreTarget(
        uri=asked.uri,
        database=asked.database,
        token_file=asked.token_file,
        ca_file=asked.ca_file,
        alias=asked.alias,
    )


if __name__ == "__main__":
    sys.exit(main())
