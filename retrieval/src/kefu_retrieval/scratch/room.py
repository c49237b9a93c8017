"""Room for temporary files, and what is said when there is none left."""

import errno
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from kefu_retrieval.errors import ScratchFull

_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def needing_room() -> Iterator[None]:
    """Tell a full disk from all other faults.

    Raises:
        ScratchFull: a temporary file had no room.
    """
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        if getattr(error, "errno", None) in _FULL or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise ScratchFull(
                f"{tempfile.gettempdir()} has no room left for what an ingestion looks up, about 1 kB a chunk: "
                "free some of the node's ephemeral storage, or let the pods run where there is more"
            ) from error
        raise
