"""Which rows hold today: an entry may say from when and until when it does."""

from collections.abc import Iterable
from datetime import date

from kefu_retrieval.store.rows import Found, Payload


def holds(payload: Payload, today: date) -> bool:
    """Whether the chunk holds on that day, both ends included."""
    begun = payload.valid_from is None or payload.valid_from <= today
    return begun and (payload.valid_until is None or today <= payload.valid_until)


def holding(found: Iterable[Found], today: date) -> list[Found]:
    """The rows that hold on that day, in the same order."""
    return [row for row in found if holds(row.payload, today)]
