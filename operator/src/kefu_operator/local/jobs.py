"""Programs that run to completion: fetch steps and ingestion tasks."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kefu_operator.local.environment import environment
from kefu_operator.local.errors import StepFailed
from kefu_operator.local.logs import LogFile
from kefu_operator.local.mounts import Mounts
from kefu_operator.local.process import OnLine, Process
from kefu_operator.local.programs import resolve
from kefu_operator.plan.model_files import FETCH
from kefu_operator.plan.workload import Container

TERMINATION_LOG = "KEFU_TERMINATION_LOG"
GRACE = 5.0

_TEMPORARY_EXITS = {69, 75}
"""EX_UNAVAILABLE and EX_TEMPFAIL of sysexits.h."""


@dataclass(frozen=True)
class Folders:
    """Where jobs and servers of one instance work and log."""

    state: Path

    def work(self, workload: str) -> Path:
        """Working folder of a workload, made if need be."""
        folder = self.state / workload
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def log(self, workload: str) -> LogFile:
        """Log file of a workload."""
        return LogFile(self.state / "logs" / f"{workload}.log")


class Jobs:
    """Runs containers to completion."""

    def __init__(self, folders: Folders, mounts: Mounts, extra_env: Mapping[str, str]) -> None:
        self._folders = folders
        self._mounts = mounts
        self._extra_env = extra_env

    async def run(
        self,
        container: Container,
        *,
        workload: str,
        log: LogFile,
        on_line: OnLine | None = None,
        deadline: float | None = None,
        started: Callable[[int], None] = lambda pid: None,
    ) -> dict[str, Any]:
        """Run one container; its termination message is the answer. Cancelling ends the process.

        Args:
            container: what to run.
            workload: whose working folder it gets.
            log: where its output goes.
            on_line: also gets each line of output.
            deadline: longest time in seconds.
            started: told the process id.

        Raises:
            StepFailed: it exited with an error or took longer than the deadline.
            ProgramMissing: it cannot be started.
            InputInvalid: a mount names something that does not exist.
            DiskFull: there is no space left.
        """
        folder = self._folders.work(workload)
        message = folder / f"{container.name}.termination.json"
        message.unlink(missing_ok=True)
        self._mounts.prepare(container.mounts)
        env = {**self._extra_env, **container.env, TERMINATION_LOG: str(message)}
        process = await Process.start(
            resolve(container.command),
            env=environment(env, hub=container.name.startswith(FETCH)),
            folder=folder,
            log=log,
            on_line=on_line,
        )
        started(process.pid)
        try:
            async with asyncio.timeout(deadline):
                code = await process.wait()
        except TimeoutError as error:
            raise StepFailed("DeadlineExceeded", f"took longer than {deadline:g} s", temporary=True) from error
        finally:
            await process.stop(GRACE)
        told = _read(message)
        if code != 0:
            raise _failure(container.name, code, told, log)
        return told


def _read(message: Path) -> dict[str, Any]:
    try:
        value = json.loads(message.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _failure(name: str, code: int, told: Mapping[str, Any], log: LogFile) -> StepFailed:
    if told.get("reason") and told.get("message"):
        temporary = bool(told.get("temporary", code in _TEMPORARY_EXITS))
        return StepFailed(str(told["reason"]), str(told["message"]), temporary=temporary)
    ended = f"signal {-code}" if code < 0 else f"exit code {code}"
    last = log.last_words() or "no output"
    return StepFailed("Failed", f"{name} ended with {ended}: {last}", temporary=code < 0 or code in _TEMPORARY_EXITS)
