"""The child process that parses untrusted documents: bounded in memory and processor time, without secrets in its
environment, and free to crash. Started by `sandbox`; one document after the other."""

import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from kefu_api.documents.index import Columns
from kefu_retrieval.sources import formats, limits, sniff
from kefu_retrieval.sources.apart import frames
from kefu_retrieval.sources.document import Reading
from kefu_retrieval.sources.file import File

_READING = TypeAdapter(Reading)
_PREFERRED_VICTIM = "1000"
_HEADER_BYTES = 1024 * 1024


def main(arguments: Sequence[str]) -> int:
    """Answer each file from standard input with what it holds, until the input ends.

    The only argument is how many bytes of address space the process, and each program it starts, may take.
    """
    _be_bounded(int(arguments[0]))
    # Libraries that print must not get between the answers.
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    questions = sys.stdin.buffer
    while (header := frames.read(questions, _HEADER_BYTES)) is not None:
        data = frames.read(questions, limits.FILE_BYTES)
        if data is None:
            break
        _allow_processor_time()
        reading = _parse(frames.to_json(header), data)
        frames.write(answers, _READING.dump_json(reading))
    return 0


def _parse(asked: dict[str, str], data: bytes) -> Reading:
    columns = Columns.model_validate_json(asked["columns"]) if asked.get("columns") else None
    file = File(asked["source"], asked["name"], data, columns)
    reading = formats.parse(file, sniff.FORMATS[asked["format"]], guessing=asked.get("guessing") == "yes")
    size = sum(len(page.body) for page in reading.pages) + sum(len(entry.answer) for entry in reading.entries)
    if size > limits.OUTPUT_CHARACTERS:
        return Reading.omitting(file.place, f"holds more than {limits.OUTPUT_CHARACTERS} characters of text; split it")
    return reading


def _be_bounded(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    victim = Path("/proc/self/oom_score_adj")
    if victim.exists():
        # Where the pod runs out of memory all the same, the document goes, not the ingestion.
        victim.write_text(_PREFERRED_VICTIM)


def _allow_processor_time() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + limits.PARSE_CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
