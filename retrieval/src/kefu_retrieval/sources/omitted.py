"""Keeping reports short: of a file with a thousand wrong rows, the first are named and the others counted."""

from kefu_retrieval.sources import limits
from kefu_retrieval.sources.document import Omission, Reading
from kefu_retrieval.sources.file import File


def bounded(reading: Reading, file: File, beyond: int = 0) -> Reading:
    """`reading` with its omissions bounded; `beyond` is how many rows were not looked at."""
    others = len(reading.omissions) - limits.OMISSIONS
    if others > 0:
        del reading.omissions[limits.OMISSIONS :]
        reading.omissions.append(Omission(file.place, f"{others} more rows are wrong; correct those named above first"))
    if beyond:
        reading.omit(file.place, f"{beyond} rows beyond {limits.ENTRIES}; split the file")
    return reading
