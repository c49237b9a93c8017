"""When a source is asked again: after a while, or by a schedule."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kefu_api import cron

RETRY = timedelta(seconds=60)
"""Until a source that failed is tried again, or until it is due where that is sooner."""


@dataclass(frozen=True)
class Rhythm:
    """Of one source."""

    every: timedelta | None = None
    """From one fetch to the next."""
    schedule: str | None = None
    """Cron expression, in UTC; it or `every` is set."""

    def due(self, began: datetime, ended: datetime, *, failed: bool = False) -> datetime | None:
        """When it is due after a fetch; None: never.

        A schedule counts from the beginning: what became due while a long fetch ran has perhaps not been seen by it.
        """
        wanted = cron.following(self.schedule, began) if self.schedule else ended + (self.every or timedelta(0))
        again = ended + RETRY
        if not failed:
            return wanted
        return min(wanted, again) if wanted else again
