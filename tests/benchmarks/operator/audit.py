"""What a controller wrote and when, read from the API server's audit log as it grows."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
Event = dict[str, Any]
Child = tuple[str, str]
"""Plural and name."""


@dataclass
class Trail:
    """The writes of one user since the trail began."""

    log: Path
    user: str
    offset: int
    events: list[Event] = field(default_factory=list)
    reads: int = 0
    """Requests that wrote nothing; watches are not logged."""

    def follow(self) -> int:
        """Read what has come; how many writes that was."""
        with self.log.open("rb") as log:
            log.seek(self.offset)
            text = log.read()
        whole = text[: text.rfind(b"\n") + 1]
        self.offset += len(whole)
        found = [event for line in whole.splitlines() if (event := json.loads(line))["user"]["username"] == self.user]
        fresh = [event for event in found if event["verb"] in WRITES and "dryRun=" not in event["requestURI"]]
        self.events += fresh
        self.reads += len(found) - len(fresh)
        return len(fresh)

    @property
    def children(self) -> list[Event]:
        """Writes of objects that belong to a user's: no statuses and no Events."""
        return [each for each in self.events if not _subresource(each) and each["objectRef"]["resource"] != "events"]

    @property
    def statuses(self) -> list[Event]:
        """Writes of statuses."""
        return [each for each in self.events if _subresource(each) == "status"]

    def verbs(self) -> Counter[str]:
        """How many writes of each sort."""
        return Counter(
            " ".join((each["verb"], "/".join(filter(None, (each["objectRef"]["resource"], _subresource(each))))))
            for each in self.events
        )

    def spans(self, owners: Mapping[Child, str]) -> list[float]:
        """For each chatbot the seconds from the first write for it to the last one, its status included."""
        moments: dict[str, list[float]] = {}
        for each in self.events:
            owner = owners.get(child_of(each)) if not _subresource(each) else each["objectRef"]["name"]
            if owner:
                moments.setdefault(owner, []).extend((received(each), answered(each)))
        return sorted(max(times) - min(times) for times in moments.values())


def child_of(event: Event) -> Child:
    """What a write was about."""
    return event["objectRef"]["resource"], event["objectRef"]["name"]


def received(event: Event) -> float:
    """When the API server received a request (Unix time)."""
    return datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp()


def answered(event: Event) -> float:
    """When the API server had answered it (Unix time)."""
    return datetime.fromisoformat(event["stageTimestamp"]).timestamp()


def _subresource(event: Event) -> str:
    return str(event["objectRef"].get("subresource", ""))
