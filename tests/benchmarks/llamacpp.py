"""The engine llamaCpp served by its wheel, and by the build for this CPU: how fast each reads prompts and writes answers."""

import json
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

from hack.engines.build import PACKAGE, current
from hack.models.errors import NotFetched
from hack.models.table import load_table, models_root
from hack.ports import free_port

from kefu_serving.engines.library import VARIABLE, WHEEL, fitting_build
from tests.benchmarks.effort import Effort
from tests.benchmarks.errors import LoadFailed, Unavailable
from tests.benchmarks.process import Child
from tests.benchmarks.report import Report, Table

MODELS = ("qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b")
"""Those of the recipes; the last one is enough to see that the driver works."""
SENTENCES = 45
"""Some 1,000 tokens: about what a question with its evidence takes."""
TOKENS = 64
"""Of each answer."""
PATIENCE = 600

WHAT = f"""`python -m kefu_serving.engines.llamacpp` with the wheel of xllamacpp (AVX2) beside the same with the build that it chooses
for this CPU (`hack/engines`). For each model both run at once and are asked in turns, one at a time, while the other waits. A prompt
of about 1,000 tokens begins as none before it did, and {TOKENS} tokens are streamed. Prompt tokens a second are those of the prompt
over the time to the first word; generated tokens a second are those between the first word and the last. CPU time is the server
process's own, over both parts. Figures are medians of the turns, ratios medians of the ratios within a turn."""

HEAD = (
    "",
    "prompt tokens/s",
    "generated tokens/s",
    "CPU s an answer",
    "prompt ÷ wheel",
    "generated ÷ wheel",
    "CPU ÷ wheel",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One turn of one engine."""

    prompt: float
    """Tokens a second."""
    generated: float
    """Tokens a second."""
    cpu: float
    """Seconds."""


@dataclass(slots=True)
class Subject:
    """One running engine, and its answers so far."""

    name: str
    process: Child
    url: str
    answers: list[Answer] = field(default_factory=list)

    def ask(self, number: int) -> None:
        """Measure one turn; `number` is the turn's."""
        before = self.process.cpu_seconds_of_children()
        tokens, seconds, written, writing = _streamed(self.url, prompt(number))
        used = self.process.cpu_seconds_of_children() - before
        self.answers.append(Answer(tokens / seconds, (written - 1) / writing, used))


def run(effort: Effort) -> Report:
    """Takes five minutes on two quiet cores. Raises Unavailable without build or models, LoadFailed."""
    build = fitting_build(current(), metadata.version(PACKAGE))
    if build is None:
        raise Unavailable(
            "the cache has no build for this CPU: python -m hack.engines; it needs AVX-512 with VBMI and VNNI"
        )
    builds = {WHEEL: "", build.name: str(build.folder.parent)}
    rows: list[tuple[str, ...]] = []
    for model in MODELS[-1:] if effort.quick else MODELS:
        subjects = _measured(model, builds, effort.repetitions)
        rows += [row(f"{model}, {subject.name}", subject.answers, subjects[0].answers) for subject in subjects]
    notes = (
        f"{max(effort.repetitions, 1)} turns a model, {os.cpu_count()} threads an engine.",
        "Where other work shares the cores, rates are lower than the CPU's own; ratios and CPU time suffer less.",
    )
    return Report("llama.cpp", WHAT, (Table("Prompts read and answers written", HEAD, tuple(rows)),), notes)


def row(name: str, answers: list[Answer], wheel: list[Answer]) -> tuple[str, ...]:
    """One line of the table: medians, and medians of the ratios turn by turn."""
    pairs = list(zip(answers, wheel, strict=True))
    return (
        name,
        f"{median(answer.prompt for answer in answers):.0f}",
        f"{median(answer.generated for answer in answers):.1f}",
        f"{median(answer.cpu for answer in answers):.1f}",
        f"{median(mine.prompt / its.prompt for mine, its in pairs):.2f}",
        f"{median(mine.generated / its.generated for mine, its in pairs):.2f}",
        f"{median(mine.cpu / its.cpu for mine, its in pairs):.2f}",
    )


def prompt(number: int) -> str:
    """A text of the same length for each number up to 999, of which no two begin alike."""
    lines = [
        f"Article {number * 1000 + line:06d} is returned within {line % 28 + 1} days." for line in range(SENTENCES)
    ]
    return "\n".join(lines) + "\nSummary of the articles above, at length:\n"


def _measured(model: str, builds: Mapping[str, str], turns: int) -> list[Subject]:
    try:
        file = load_table()[model].require(models_root())
    except NotFetched as error:
        raise Unavailable(str(error)) from error
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kefu-bench-")))
        subjects = [_started(stack, name, file, folder, {VARIABLE: value}) for name, value in builds.items()]
        for subject in subjects:
            subject.ask(0)  # not counted: pages of the weights are read
            subject.answers.clear()
        for turn in range(1, turns + 1):
            print(f"llamacpp: {model}, turn {turn} of {turns}", flush=True)
            for subject in subjects if turn % 2 else reversed(subjects):
                subject.ask(turn)
    return subjects


def _started(stack: ExitStack, name: str, model: Path, folder: Path, environment: Mapping[str, str]) -> Subject:
    port = free_port()
    command = [sys.executable, "-m", "kefu_serving.engines.llamacpp", "--model", str(model), "--alias", "bench"]
    command += ["--port", str(port), "--context", "4096", "--parallel", "1", "--prompt-cache-mib", "0"]
    child = Child(name, command, folder, environment)
    stack.callback(child.stop)
    lines = child.wait_for(lambda: _ready(child))
    if lines[0].get("build") != name:
        raise LoadFailed(f"{name} was asked for, and the engine says: {lines[0]}")
    return Subject(name, child, f"http://127.0.0.1:{port}/v1/completions")


def _ready(child: Child) -> list[dict[str, object]] | None:
    lines = [json.loads(line) for line in child.lines()]
    return lines if any(line["message"] == "ready" for line in lines) else None


def _streamed(url: str, text: str) -> tuple[int, float, int, float]:
    """Prompt tokens, seconds to the first word, tokens written, seconds from the first word to the last."""
    body = {
        "prompt": text, "max_tokens": TOKENS, "ignore_eos": True, "temperature": 0, "cache_prompt": False,
        "stream": True, "stream_options": {"include_usage": True},
    }  # fmt: skip
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    begun, words, usage = time.monotonic(), list[float](), dict[str, int]()
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        for event in _events(answer):
            usage = event.get("usage") or usage
            if event["choices"] and event["choices"][0]["text"]:
                words.append(time.monotonic())
    if usage.get("completion_tokens") != TOKENS or len(words) < TOKENS // 2:
        raise LoadFailed(f"{url} streamed {len(words)} words and said {usage}")
    return usage["prompt_tokens"], words[0] - begun, TOKENS, words[-1] - words[0]


def _events(answer: Iterable[bytes]) -> Iterator[Any]:
    for line in answer:
        data = line.decode().strip().removeprefix("data: ")
        if data and data != "[DONE]":
            yield json.loads(data)
