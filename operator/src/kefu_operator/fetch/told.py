"""Progress lines of a fetch, as a person reads them: on a terminal, and in the status of an engine."""

import json
from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True)
class Progress:
    """How far a download is. Sizes in bytes."""

    done: int
    total: int | None
    seconds_left: int | None

    def __str__(self) -> str:
        """For example `37 % (412 of 1117 MB, 12 s left)`."""
        if not self.total:
            return f"{self.done // MB} MB"
        left = f", {self.seconds_left} s left" if self.seconds_left is not None else ""
        return f"{100 * self.done // self.total} % ({self.done // MB} of {self.total // MB} MB{left})"

    @property
    def brief(self) -> str:
        """For example `37 %, 2 min left`: coarse, so that a status that tells it changes seldom."""
        if not self.total:
            return f"{self.done // MB} MB"
        percent = f"{100 * self.done // self.total} %"
        if self.seconds_left is None:
            return percent
        return f"{percent}, {max(1, round(self.seconds_left / 60))} min left"


def parse(line: bytes | str) -> Progress | None:
    """The progress that a line of a fetch step tells; None where it is another line."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("event") != "progress":
        return None
    return Progress(
        done=_number(event.get("done")) or 0,
        total=_number(event.get("total")),
        seconds_left=_number(event.get("seconds_left")),
    )


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None
