"""Building index versions: one task at a time an index, the newest wanted version only, the published one untouched."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from kefu_api.documents.index import IngestionReport
from kefu_operator.local.backoff import Backoff
from kefu_operator.local.errors import LocalError, StepFailed
from kefu_operator.local.events import Tell, Tone
from kefu_operator.local.jobs import Folders, Jobs
from kefu_operator.plan.workload import Task


@dataclass(frozen=True)
class Wanted:
    """The version that an index should have, and what builds it."""

    index: str
    version: str
    task: Task


class Memory:
    """Which versions are published, kept between runs by the functions handed in."""

    def __init__(self, known: Mapping[str, Any], keep: Callable[[Mapping[str, Any]], None]) -> None:
        self._known = dict(known)
        self._keep = keep

    def version(self, index: str) -> str | None:
        """The published version of an index, as far as we know."""
        entry = self._known.get(index)
        return entry.get("version") if isinstance(entry, dict) else None

    def entries(self) -> Mapping[str, Any]:
        """Everything known, for status."""
        return self._known

    def remember(self, index: str, report: IngestionReport) -> None:
        """A version was published."""
        self._known[index] = {
            "version": report.version,
            "documents": report.documents,
            "chunks": report.chunks,
            "skipped": report.skipped_total,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._keep(self._known)

    def forget(self, index: str) -> None:
        """The store may not hold what we remember."""
        if self._known.pop(index, None) is not None:
            self._keep(self._known)


class Ingestion:
    """Brings one index to its wanted version."""

    def __init__(
        self,
        index: str,
        *,
        jobs: Jobs,
        folders: Folders,
        memory: Memory,
        store_ready: Callable[[], Awaitable[None]],
        tell: Tell,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.index = index
        self.wanted: Wanted | None = None
        self.problem = ""
        """Why the wanted version is not published, when something is wrong."""
        self.pid: int | None = None
        self._jobs = jobs
        self._log = folders.log(f"{index}-ingest")
        self._memory = memory
        self._store_ready = store_ready
        self._tell = tell
        self._sleep = sleep
        self._changed = changed
        self._work: asyncio.Task[None] | None = None
        self.settled = asyncio.Event()
        """Set while nothing is being built: published, or given up until something changes."""

    async def want(self, wanted: Wanted) -> None:
        """Let the index come to a version; a build of another version is ended first."""
        if self.wanted and self.wanted.version == wanted.version and not self.problem:
            return
        await self.stop()
        self.wanted, self.problem = wanted, ""
        if self._memory.version(self.index) == wanted.version:
            self.settled.set()
            return
        self.settled.clear()
        self._work = asyncio.create_task(self._build(wanted))

    async def rebuild(self) -> None:
        """Build the wanted version although it was remembered as published: the store does not know it."""
        self._memory.forget(self.index)
        wanted, self.wanted = self.wanted, None
        if wanted:
            await self.want(wanted)

    async def stop(self) -> None:
        """End a build."""
        if self._work:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
            self._work = None

    async def _build(self, wanted: Wanted) -> None:
        backoff = Backoff(first=2)
        try:
            await self._store_ready()
            self._say(f"building version {wanted.version}", Tone.STEP)
            while not await self._attempt(wanted):
                await self._sleep(backoff.after(0))
        except LocalError as error:
            self._fail(f"version {wanted.version} failed: {error}. {self._still()}")
        finally:
            self.settled.set()

    async def _attempt(self, wanted: Wanted) -> bool:
        task = wanted.task
        try:
            told = await self._jobs.run(
                task.container,
                workload=task.name,
                log=self._log,
                deadline=task.deadline_seconds,
                started=self._note_pid,
            )
        except StepFailed as error:
            if not error.temporary:
                raise
            self._fail(f"version {wanted.version} is not built yet: {error}; trying again. {self._still()}")
            return False
        finally:
            self._note_pid(None)
        self._published(wanted, told)
        return True

    def _published(self, wanted: Wanted, told: Mapping[str, Any]) -> None:
        try:
            report = IngestionReport.model_validate(told)
        except ValidationError as error:
            raise LocalError("the ingestion ended well, but its report cannot be read") from error
        self.problem = ""
        self._memory.remember(self.index, report)
        self._changed()
        self._say(
            f"published version {report.version}: {report.documents} documents, {report.chunks} chunks, "
            f"{report.embedded} of them embedded anew",
            Tone.GOOD,
        )
        for skipped in report.skipped:
            self._say(f"left out {skipped.document}: {skipped.reason}", Tone.WARNING)
        for line in noticed(report):
            self._say(line, Tone.WARNING)

    def _fail(self, problem: str) -> None:
        if problem != self.problem:
            self.problem = problem
            self._changed()
            self._say(problem, Tone.BAD)

    def _still(self) -> str:
        known = self._memory.version(self.index)
        return f"Version {known} goes on answering" if known else "Nothing is published yet"

    def _note_pid(self, pid: int | None) -> None:
        self.pid = pid
        self._changed()

    def _say(self, text: str, tone: Tone) -> None:
        self._tell(f"{self.index}-ingest", text, tone)


def noticed(report: IngestionReport) -> list[str]:
    """What the documents say twice, in words for whoever writes them."""
    lines = [f"{pair.first} and {pair.second} say nearly the same ({pair.share:.0%})" for pair in report.alike]
    if len(report.alike) < report.alike_total:
        lines.append(f"{report.alike_total - len(report.alike)} more pairs of documents say nearly the same")
    if report.duplicates:
        lines.append(f"{report.duplicates} chunks say what another says; they are indexed once")
    lines += [
        f'"{one.line}" is on {one.pages} pages of {one.source}; the first of them keeps it' for one in report.repeated
    ]
    return lines
