"""`python -m kefu_retrieval.embedded`: one Milvus Lite, for one index."""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc  # type: ignore[import-untyped]
from milvus_lite.adapter.grpc.servicer import MilvusServicer  # type: ignore[import-untyped]
from milvus_lite.db import MilvusLite  # type: ignore[import-untyped]
from pymilvus.grpc_gen import milvus_pb2_grpc  # type: ignore[import-untyped]

from kefu_api.token import TokenFile
from kefu_retrieval.embedded.guard import Guard

WORKERS = 10
MAX_MESSAGE = 256 * 1024 * 1024
"""Bytes; both as Milvus Lite's own server has them (`milvus_lite.adapter.grpc.server`), which takes no interceptor."""
GRACE = 5.0
"""Seconds that calls in flight get when the server is told to end."""

log = logging.getLogger("kefu_retrieval.embedded")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m kefu_retrieval.embedded", description="The embedded Milvus.")
    parser.add_argument("--data-dir", type=Path, required=True, help="where collections are kept")
    parser.add_argument("--token", type=Path, required=True, help="file of the token that callers must send")
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=19530, help="port to listen on (default: %(default)s)")
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    serve(asked.data_dir, TokenFile(asked.token), f"{asked.host}:{asked.port}")
    return 0


def serve(folder: Path, tokens: TokenFile, address: str) -> None:
    """Serve the collections in `folder` until KeyboardInterrupt."""
    database = MilvusLite(str(folder))
    size = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE)]
    server = grpc.server(ThreadPoolExecutor(WORKERS), interceptors=(Guard(tokens),), options=size)
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(MilvusServicer(database), server)
    server.add_insecure_port(address)
    server.start()
    log.info("listening on %s, data in %s", address, folder)
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        log.info("ending")
    finally:
        server.stop(GRACE).wait()
        database.close()


if __name__ == "__main__":
    sys.exit(main())
