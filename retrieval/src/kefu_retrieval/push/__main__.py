"""`python -m kefu_retrieval.push`: the push service of an index."""

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from pydantic import ValidationError

from kefu_api.documents.push import Push
from kefu_retrieval import logs
from kefu_retrieval.push import app
from kefu_retrieval.push.inbox import Inbox

PERMANENT = 65
"""EX_DATAERR of sysexits.h: change something first."""

log = logging.getLogger("kefu_retrieval.push")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal ends it; 65 where the document or the volume cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m kefu_retrieval.push", description="Take pushed documents.")
    parser.add_argument("--document", type=Path, required=True, help="the push document, as JSON")
    parser.add_argument("--volume", type=Path, required=True, help="where snapshots are kept, a folder for each source")
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8082, help="port to listen on (default: %(default)s)")
    asked = parser.parse_args(arguments)
    logs.configure()
    try:
        document = Push.model_validate_json(asked.document.read_bytes())
        inboxes = {source.name: Inbox(source, asked.volume, time.time) for source in document.sources}
    except (OSError, ValidationError) as error:
        log.error("cannot serve", extra={"error": str(error)[:1_000]})
        return PERMANENT
    uvicorn.run(app.create(inboxes), host=asked.host, port=asked.port, loop="uvloop", log_config=None, access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
