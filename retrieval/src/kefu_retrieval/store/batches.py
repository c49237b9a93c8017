"""How many rows go to a server at a time: so many that nobody who searches there waits long for them.

Milvus Lite answers no search while it takes rows: 300 of them kept customers waiting for 0.7 s. A cluster does, and a request
costs it more than its rows, so the time that the last rows took decides.
"""

SECONDS = 0.05
"""That one insert is to take."""
LEAST, FIRST, MOST = 16, 32, 500


def next_size(rows: int, seconds: float) -> int:
    """How many rows to insert at once, now that so many took so long; at most twice as many."""
    fitting = int(rows * SECONDS / seconds) if seconds > 0 else MOST
    return max(LEAST, min(MOST, 2 * rows, fitting))
