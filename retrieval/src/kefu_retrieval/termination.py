"""The job's last word: the report or the failure, as its termination message and as its last line of output."""

import sys
from pathlib import Path
from typing import TypeVar

from kefu_api.base import Model
from kefu_api.documents.index import IngestionReport

MAX_BYTES = 4_096
"""What Kubernetes keeps of a termination message."""
MAX_TEXT = 300


def fit(report: IngestionReport) -> IngestionReport:
    """The report with as much of what was noticed as fits into the termination message; the totals count all.

    What was left out matters most, so that what is only alike or repeated is shortened first.
    """
    short = report.model_copy(
        update={
            "skipped": tuple(_cut(one, document=200, reason=MAX_TEXT) for one in report.skipped),
            "alike": tuple(_cut(one, first=200, second=200) for one in report.alike),
            "repeated": tuple(_cut(one, line=80) for one in report.repeated),
        }
    )
    for field in ("alike", "repeated", "skipped"):
        while (kept := getattr(short, field)) and size(short) > MAX_BYTES:
            short = short.model_copy(update={field: kept[: len(kept) * 3 // 4]})
    return short


M = TypeVar("M", bound=Model)


def _cut(item: M, **limits: int) -> M:
    return item.model_copy(update={name: getattr(item, name)[:limit] for name, limit in limits.items()})


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
