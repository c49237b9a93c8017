"""One child process in a group of its own that cannot outlive us, with its output in a log file."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kefu_operator.local.errors import ProgramMissing
from kefu_operator.local.leash import die_with
from kefu_operator.local.logs import LINE, LogFile

OnLine = Callable[[bytes], None]


class Process:
    """A running child. Its group gets SIGTERM and, after the grace time, SIGKILL."""

    def __init__(self, process: asyncio.subprocess.Process, log: LogFile, on_line: OnLine | None) -> None:
        self._process = process
        self._log = log
        self._on_line = on_line
        self._pump = asyncio.create_task(self._copy_output())
        self.pid = process.pid

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        folder: Path,
        log: LogFile,
        on_line: OnLine | None = None,
    ) -> "Process":
        """Start a program.

        Args:
            command: absolute program and its arguments.
            env: the whole environment.
            folder: working folder.
            log: where its output goes.
            on_line: also gets each line.

        Raises:
            ProgramMissing: it cannot be executed.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=dict(env),
                cwd=folder,
                limit=LINE,
                start_new_session=True,
                preexec_fn=die_with(os.getpid()),
            )
        except (FileNotFoundError, PermissionError) as error:
            raise ProgramMissing(f"{command[0]} cannot be run: {error.strerror}") from error
        return cls(process, log, on_line)

    async def wait(self) -> int:
        """Exit code, or minus the signal that ended it; all output has been logged by then."""
        code = await self._process.wait()
        # A grandchild may hold the pipe open: its output is not worth waiting for.
        await asyncio.wait([self._pump], timeout=2)
        return code

    async def stop(self, grace: float) -> None:
        """End the whole group: politely, then after `grace` seconds for good."""
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), grace)
        except TimeoutError:
            pass
        finally:
            self._signal(signal.SIGKILL)
            self._pump.cancel()
        await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    async def _copy_output(self) -> None:
        stream = self._process.stdout
        if stream is None:
            return
        while line := await _line(stream):
            self._log.write(line.rstrip(b"\r\n"))
            if self._on_line:
                self._on_line(line)


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line, or a piece of one that is longer than a log line may be; empty at the end."""
    try:
        return await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError:
        return await stream.read(LINE)
