"""The evaluation's command line."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from kefu_api.token import TokenFile
from kefu_pipelines.evaluation.asking import ask_all
from kefu_pipelines.evaluation.errors import EvaluationError
from kefu_pipelines.evaluation.golden import load
from kefu_pipelines.evaluation.report import as_json, as_text, goals_met
from kefu_pipelines.evaluation.scoring import Observation

EPILOG = """\
exit codes: 0 done (with --enforce: all goals met), 1 a goal was missed or the golden set is invalid, 2 wrong command line,
69 a service does not answer."""


def main(argv: Sequence[str] | None = None) -> int:
    """Evaluate; returns the exit code that `--help` documents."""
    arguments = _parser().parse_args(argv)
    try:
        observations = asyncio.run(_observe(arguments))
    except EvaluationError as error:
        print(f"evaluation: {error}", file=sys.stderr)  # noqa: T201 - the one place that prints errors
        return error.exit_code
    _print(as_text(observations))
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(observations), ensure_ascii=False, indent=2), encoding="utf-8")
    return 1 if arguments.enforce and not goals_met(observations) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m kefu_pipelines.evaluation",
        description="Ask every golden question through a running gateway, and score answers, refusals, search and speed.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", required=True, help="base URL of the gateway")
    parser.add_argument("--key-file", required=True, type=Path, metavar="FILE", help="file with an API key")
    parser.add_argument("--golden", required=True, type=Path, metavar="FILE", help="golden set")
    parser.add_argument("--retrieval-url", metavar="URL", help="base URL of the retrieval service, for recall@5")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="file with the retrieval service's token")
    parser.add_argument("--parallel", type=int, default=1, metavar="N", help="questions at a time (default 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there as JSON, too")
    parser.add_argument("--enforce", action="store_true", help="exit with 1 when a goal is missed")
    return parser


async def _observe(arguments: argparse.Namespace) -> list[Observation]:
    questions = load(arguments.golden)
    return await ask_all(
        questions,
        url=arguments.url,
        key=_key(arguments.key_file),
        retrieval_url=arguments.retrieval_url,
        token=TokenFile(arguments.token_file) if arguments.token_file else None,
        parallel=max(1, arguments.parallel),
        seen=_Marks(len(questions)).show,
    )


def _key(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"the API key cannot be read from {file}: {error}") from error


class _Marks:
    """One mark a question while they are asked: a dot for right, an x for wrong."""

    def __init__(self, total: int) -> None:
        self._left = total

    def show(self, observation: Observation) -> None:
        self._left -= 1
        print("." if observation.right else "x", end="" if self._left else "\n\n", flush=True)  # noqa: T201


def _print(text: str) -> None:
    print(text)  # noqa: T201 - the report is the output
