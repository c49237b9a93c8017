"""Building index versions: one task at a time an index, the newest wanted version only, the published one untouched."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from kefu_api.documents.index import IngestionReport
from kefu_api.kinds.knowledge.versions import KnownVersion, PublishedVersion
from kefu_operator.ingestion import known
from kefu_operator.ingestion.decide import decide
from kefu_operator.ingestion.situation import Decision, Situation
from kefu_operator.local.backoff import Backoff
from kefu_operator.local.errors import LocalError, StepFailed
from kefu_operator.local.events import Tell, Tone
from kefu_operator.local.jobs import Folders, Jobs
from kefu_operator.plan.workload import Task
from kefu_operator.status.check import Verdict
from kefu_operator.status.reasons import Reason

Read = TypeVar("Read", PublishedVersion, KnownVersion)


@dataclass(frozen=True)
class Wanted:
    """The version that an index should have, and what builds it, judges it and publishes another."""

    index: str
    version: str
    task: Task
    publications: Mapping[str, Task] = field(default_factory=dict)
    """What publishes a version that the store holds, by version."""
    judged_by: str | None = None
    """By what a version is judged; None: it is not."""
    automatic: bool = True
    """Whether a version that passes is published without a person."""
    pinned: str | None = None
    """The version that is to answer, whatever is built."""


class Memory:
    """Which versions are published and which are kept, remembered between runs by the functions handed in."""

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

    def published(self, index: str) -> PublishedVersion | None:
        """The same, with all that is known of it."""
        entry = self._known.get(index)
        if not isinstance(entry, dict):
            return None
        return _read(PublishedVersion, {name: value for name, value in entry.items() if name != "versions"})

    def versions(self, index: str) -> tuple[KnownVersion, ...]:
        """What the store holds, newest first."""
        entry = self._known.get(index)
        listed = entry.get("versions", ()) if isinstance(entry, dict) else ()
        return tuple(held for each in listed if (held := _read(KnownVersion, each)))

    def remember(self, index: str, report: IngestionReport) -> None:
        """A task has ended well."""
        versions, published = known.merged(self.versions(index), report), self.published(index)
        held = known.answering(versions, report)
        if held and (report.published or published is None or published.version != held.version):
            at = datetime.now(UTC).isoformat(timespec="seconds")
            published = known.published_version(held, report, at, job="")
        self._write(index, published, versions)

    def lose(self, index: str, version: str) -> None:
        """The store does not hold this one."""
        rest = tuple(held for held in self.versions(index) if held.version != version)
        self._write(index, self.published(index), rest)

    def forget(self, index: str) -> None:
        """The store may not hold what we remember."""
        if self._known.pop(index, None) is not None:
            self._keep(self._known)

    def _write(self, index: str, published: PublishedVersion | None, versions: Iterable[KnownVersion]) -> None:
        told = known.with_states(versions, published.version if published else None)
        listed = [held.model_dump(mode="json", by_alias=True, exclude_none=True) for held in told]
        entry = published.model_dump(mode="json", by_alias=True, exclude_none=True) if published else {}
        self._known[index] = {**entry, "versions": listed}
        self._keep(self._known)


def _read(model: type[Read], value: object) -> Read | None:
    try:
        return model.model_validate(value)
    except ValidationError:
        return None


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
        if self.wanted and _same(self.wanted, wanted) and not self.problem:
            return
        await self.stop()
        self.wanted, self.problem = wanted, ""
        decision = self._decide(wanted)
        if not (decision.create or decision.publish):
            self._conclude(decision)
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
            while (decision := self._decide(wanted)).create or decision.publish:
                await self._store_ready()
                while not await self._attempt(wanted, decision.publish):
                    await self._sleep(backoff.after(0))
            self._conclude(decision)
        except LocalError as error:
            self._fail(f"version {wanted.version} failed: {error}. {self._still()}")
        finally:
            self.settled.set()

    def _conclude(self, decision: Decision) -> None:
        """Nothing is left to do; what a person should know is said."""
        if decision.check.verdict >= Verdict.FAIL:
            self._fail(decision.check.message)
        elif decision.phase == "Waiting":
            self._say(decision.check.message, Tone.WARNING)

    def _decide(self, wanted: Wanted) -> Decision:
        """As the operator decides, with tasks that have ended already and a store that is the one we know."""
        return decide(
            Situation(
                version=wanted.version,
                job_name=wanted.task.name,
                published=self._memory.published(self.index),
                store_ready=True,
                jobs=(),
                pods=(),
                is_current=True,
                now=datetime.now(UTC),
                versions=self._memory.versions(self.index),
                judged_by=wanted.judged_by,
                automatic=wanted.automatic,
                pinned=wanted.pinned,
                publish_jobs={version: task.name for version, task in wanted.publications.items()},
            )
        )

    async def _attempt(self, wanted: Wanted, publish: str | None) -> bool:
        version, task = publish or wanted.version, wanted.publications[publish] if publish else wanted.task
        self._say(f"{'publishing' if publish else 'building'} version {version}", Tone.STEP)
        try:
            told = await self._jobs.run(
                task.container,
                workload=task.name,
                log=self._log,
                deadline=task.deadline_seconds,
                started=self._note_pid,
            )
        except StepFailed as error:
            if error.reason == Reason.VERSION_GONE:
                self._memory.lose(self.index, version)
                return True
            if not error.temporary:
                raise
            self._fail(f"version {version} is not there yet: {error}; trying again. {self._still()}")
            return False
        finally:
            self._note_pid(None)
        self._ended(version, told)
        return True

    def _ended(self, version: str, told: Mapping[str, Any]) -> None:
        try:
            report = IngestionReport.model_validate(told)
        except ValidationError as error:
            raise LocalError("the task ended well, but its report cannot be read") from error
        self.problem = ""
        self._memory.remember(self.index, report)
        if known.find(self._memory.versions(self.index), version) is None:
            raise LocalError(f"the store does not hold version {version}, which was reported as done")
        self._changed()
        self._say(
            f"{'published' if report.published else 'built'} version {report.version}: {report.documents} documents, "
            f"{report.chunks} chunks, {report.embedded} of them embedded anew",
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


def _same(one: Wanted, other: Wanted) -> bool:
    """Whether nothing is to be done for the other that is not for the one."""
    return _wish(one) == _wish(other)


def _wish(wanted: Wanted) -> tuple[object, ...]:
    return wanted.version, wanted.task.name, wanted.judged_by, wanted.automatic, wanted.pinned
