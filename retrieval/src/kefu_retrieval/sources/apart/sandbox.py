"""Parsing in a child process, so that a document that hangs, crashes or eats memory costs itself and nothing else."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Self

from pydantic import TypeAdapter, ValidationError

from kefu_retrieval.sources import limits
from kefu_retrieval.sources.apart import frames
from kefu_retrieval.sources.document import Reading
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.sniff import Format

WORKER: Sequence[str] = (sys.executable, "-m", "kefu_retrieval.sources.apart.worker")
_ANSWER_BYTES = 8 * limits.OUTPUT_CHARACTERS
_PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "TMPDIR", "TESSDATA_PREFIX", "SYSTEMROOT")
_READING = TypeAdapter(Reading)
_ERROR_BYTES = 4096


class Sandbox:
    """One child process at a time, started when the first document needs it and again after each that broke it."""

    def __init__(
        self,
        worker: Sequence[str] = WORKER,
        seconds: float = limits.PARSE_SECONDS,
        memory: int = limits.PARSE_MEMORY,
    ) -> None:
        """Take bounds.

        Args:
            worker: the command line of the child; `memory` is added to it.
            seconds: wall clock that one document may take.
            memory: bytes of address space that the child may take.
        """
        self._worker = worker
        self._seconds = seconds
        self._memory = memory
        self._child: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def parse(self, file: File, form: Format, *, guessing: bool) -> Reading:
        """What the file holds; where the child dies over it, the file is omitted with the reason."""
        child = self._running()
        late = threading.Event()
        watch = threading.Timer(self._seconds, self._stop, (child, late))
        watch.start()
        try:
            answer = _ask(child, file, form, guessing=guessing)
        finally:
            watch.cancel()
        if answer is not None:
            try:
                return _READING.validate_json(answer)
            except ValidationError:
                # A document has taken the child over: nothing that it says is believed.
                pass
        return Reading.omitting(file.place, f"{self._why(child, late)}; save it anew, simplify it, or split it")

    @property
    def process(self) -> int | None:
        """Id of the child; None where none runs."""
        return self._child.pid if self._child is not None else None

    def close(self) -> None:
        """End the child, if one runs."""
        child, self._child = self._child, None
        if child is not None:
            _kill(child)
            for pipe in (child.stdin, child.stdout):
                _close(pipe)
        if self._complaints is not None:
            self._complaints.close()
            self._complaints = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
            environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            environment |= {"LANG": "C.UTF-8", "OMP_THREAD_LIMIT": "1", "PYTHONDONTWRITEBYTECODE": "1"}
            self._child = subprocess.Popen(
                (*self._worker, str(self._memory)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                env=environment,
                start_new_session=True,
            )
        return self._child

    def _stop(self, child: subprocess.Popen[bytes], late: threading.Event) -> None:
        late.set()
        _kill(child)

    def _why(self, child: subprocess.Popen[bytes], late: threading.Event) -> str:
        """How the child ended, for people; ends it where it goes on."""
        _kill(child)
        complaint = self._last_complaint()
        self.close()
        if late.is_set():
            return f"reading it took more than {self._seconds:g} s"
        if child.returncode == -signal.SIGXCPU:
            return f"reading it took more than {limits.PARSE_CPU_SECONDS} s of processor time"
        if "MemoryError" in complaint or "bad_alloc" in complaint:
            return f"reading it takes more than {self._memory // limits.MIB} MiB of memory"
        return f"its parser failed ({complaint or f'status {child.returncode}'})"

    def _last_complaint(self) -> str:
        """The name of the error that ended the child."""
        if self._complaints is None:
            return ""
        end = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, end - _ERROR_BYTES))
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else ""


def _ask(child: subprocess.Popen[bytes], file: File, form: Format, *, guessing: bool) -> bytes | None:
    """The child's answer; None where it ends before it has given one."""
    if child.stdin is None or child.stdout is None:
        return None
    header = {
        "source": file.source,
        "name": file.name,
        "format": form,
        "guessing": "yes" if guessing else "no",
        "columns": file.columns.to_json() if file.columns else "",
    }
    try:
        frames.write(child.stdin, frames.of_json(header))
        frames.write(child.stdin, file.data)
    except OSError:
        return None
    return frames.read(child.stdout, _ANSWER_BYTES)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the child and the programs that it has started."""
    if child.poll() is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            child.kill()
    child.wait()


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        try:
            pipe.close()
        except OSError:
            # What was not sent yet can no longer be.
            return
