"""How far a Job that runs is, by the last line of its pod's log; of several pods the first tells how far all are."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from kefu_operator.pods import PodView

PHASES: dict[str, Literal["Building", "Evaluating"]] = {"Building": "Building", "Evaluating": "Evaluating"}


@dataclass(frozen=True)
class Progress:
    """Chunks that are in the store, or questions that are asked."""

    phase: Literal["Building", "Evaluating"]
    done: int
    total: int
    left: int | None = None
    """Seconds; None where they are not known."""


def progress_of(pods: Iterable[PodView]) -> Progress | None:
    """What the newest pod that tells something tells; pods come newest first."""
    return next((told for pod in pods if pod.leads and (told := parse(pod.log_line))), None)


def parse(line: str) -> Progress | None:
    """The progress that a line of a log tells; None where it is another line."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("message") != "progress":
        return None
    phase, done, total = PHASES.get(str(event.get("phase"))), event.get("done"), event.get("total")
    if phase is None or not isinstance(done, int) or not isinstance(total, int):
        return None
    left = event.get("left")
    return Progress(phase, max(0, done), max(0, total), max(0, left) if isinstance(left, int) else None)
