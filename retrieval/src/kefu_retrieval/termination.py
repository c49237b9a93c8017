"""The job's last word: the report or the failure, as its termination message and as its last line of output."""

import sys
from pathlib import Path

from kefu_api.base import Model
from kefu_api.documents.index import IngestionReport

MAX_BYTES = 4_096
"""What Kubernetes keeps of a termination message."""
MAX_TEXT = 300


def fit(report: IngestionReport) -> IngestionReport:
    """The report with as many skipped documents as fit into the termination message; `skipped_total` counts all."""
    kept = tuple(
        item.model_copy(update={"document": item.document[:200], "reason": item.reason[:MAX_TEXT]})
        for item in report.skipped
    )
    short = report.model_copy(update={"skipped": kept})
    while kept and size(short) > MAX_BYTES:
        kept = kept[: len(kept) * 3 // 4]
        short = report.model_copy(update={"skipped": kept})
    return short


def size(message: Model) -> int:
    """Bytes that the message takes."""
    return len(_line(message).encode())


def leave(message: Model, file: Path | None) -> None:
    """Write the message to `file` (if any) and to standard output."""
    line = _line(message)
    if file is not None:
        try:
            file.write_text(line)
        except OSError as error:
            sys.stderr.write(f"cannot write {file}: {error}\n")
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _line(message: Model) -> str:
    return message.model_dump_json(by_alias=True, exclude_none=True)
