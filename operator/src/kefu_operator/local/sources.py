"""Remote sources in local mode: fetched at their intervals into the state folder, and remembered between runs."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from kefu_api.documents.fetch import FetchReport
from kefu_operator.local.errors import InputInvalid, StepFailed
from kefu_operator.local.events import Tell, Tone
from kefu_operator.local.jobs import Folders, Jobs
from kefu_operator.plan.fetching import FetchPlan


class Sources:
    """What was fetched for each index."""

    def __init__(
        self,
        jobs: Jobs,
        folders: Folders,
        known: Mapping[str, Any],
        keep: Callable[[Mapping[str, Any]], None],
        tell: Tell,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._jobs = jobs
        self._folders = folders
        self._known: dict[str, Any] = dict(known)
        self._keep = keep
        self._tell = tell
        self._clock = clock

    def digests(self, index: str) -> Mapping[str, str]:
        """Of the snapshots that hold, by source."""
        found = self._known.get(index, {}).get("digests", {})
        return {str(name): str(held) for name, held in found.items()}

    async def bring(self, plans: Iterable[tuple[str, FetchPlan]]) -> bool:
        """Fetch what is due, by index; whether any source changed.

        Raises:
            LocalError: the program cannot be run at all.
        """
        changed = False
        for index, plan in plans:
            if self._due(index, plan):
                before = dict(self.digests(index))
                await self._fetch(index, plan)
                changed |= before != self.digests(index)
        return changed

    def check(self, index: str, plan: FetchPlan) -> None:
        """Pass an index whose sources were all fetched at least once.

        Raises:
            InputInvalid: one was not; the message says why.
        """
        known = self._known.get(index, {})
        missing = [name for name in plan.sources if name not in self.digests(index)]
        if missing:
            why = known.get("problems", {}).get(missing[0], "the fetch job said nothing; see its log")
            raise InputInvalid(f"KnowledgeIndex/{index}: source {missing[0]} cannot be fetched: {why}")

    def _due(self, index: str, plan: FetchPlan) -> bool:
        known = self._known.get(index, {})
        ended = _time(known.get("at", 0))
        began = _time(known.get("began", known.get("at", 0)))
        problems = known.get("problems", {})
        due = [rhythm.due(began, ended, failed=name in problems) for name, rhythm in plan.rhythms.items()]
        now = _time(self._clock())
        return known.get("key") != plan.key or any(each is not None and now >= each for each in due)

    async def _fetch(self, index: str, plan: FetchPlan) -> None:
        log = self._folders.log(f"{index}-fetch")
        container, name = plan.task.container, plan.task.name
        began = self._clock()
        message = self._folders.work(name) / f"{container.name}.termination.json"
        try:
            deadline = plan.task.deadline_seconds
            told: Any = await self._jobs.run(container, workload=name, log=log, deadline=deadline)
        except StepFailed:
            # A source that failed does not keep the others from being told of.
            told = _read(message.read_text() if message.exists() else "")
        try:
            report = FetchReport.model_validate(told)
        except ValidationError:
            report = FetchReport(sources=())
        self._remember(index, plan, report, began)

    def _remember(self, index: str, plan: FetchPlan, report: FetchReport, began: float) -> None:
        before = self.digests(index)
        digests = {name: held for name, held in before.items() if name in plan.sources}
        digests |= {source.name: source.digest for source in report.sources if source.digest}
        problems = {source.name: f"{source.reason}: {source.message}" for source in report.sources if source.reason}
        if not report.sources:
            problems = dict.fromkeys(plan.sources, "the fetch job said nothing; see its log")
        times = {"began": began, "at": self._clock()}
        self._known[index] = {"key": plan.key, **times, "digests": digests, "problems": problems}
        self._keep(self._known)
        for source in report.sources:
            if source.reason:
                self._say(index, f"source {source.name}: {source.message}", Tone.BAD)
            elif source.digest != before.get(source.name):
                text = f"source {source.name}: {source.files} files, {source.received} of them new"
                self._say(index, text + (f", {source.left_out} left out" if source.left_out else ""), Tone.GOOD)

    def _say(self, index: str, text: str, tone: Tone) -> None:
        self._tell(f"{index}-fetch", text, tone)


def _time(seconds: Any) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {}
