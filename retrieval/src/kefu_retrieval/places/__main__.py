"""`python -m kefu_retrieval.places`: the fetch job.

A program of its own, since it runs every few minutes beside the retrieval pod and needs neither Milvus nor an encoder.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from kefu_retrieval import logs
from kefu_retrieval.places import command
from kefu_retrieval.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch once; the exit status is 0, 75 (temporary failure) or 65 (permanent failure)."""
    parser = argparse.ArgumentParser(
        prog="python -m kefu_retrieval.places", description="Bring documents from remote places into a volume."
    )
    parser.add_argument("--document", type=Path, required=True, help="the fetch document, as JSON")
    parser.add_argument("--volume", type=Path, required=True, help="where snapshots are kept, a folder for each source")
    asked = parser.parse_args(arguments)
    logs.configure()
    settings = Settings.from_environment()
    return command.run(asked.document, asked.volume, settings.termination_log, settings.fetch_loopback)


if __name__ == "__main__":
    sys.exit(main())
