"""What the llama.cpp launcher can be told; the launcher and the native process read the same command line."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kefu_serving.engines.cpus import available_cpus

DESCRIPTION = """\
Serve one GGUF model with llama.cpp's own server: /health (503 while loading), /metrics, /v1/models,
/v1/chat/completions and /v1/completions, streamed or not.

KEFU_ENGINE_BUILDS names a folder of builds for newer CPUs. The one that makes the most of this CPU serves, else the
installed package, which needs AVX2; the line `loading` says which (`build`).

Exit codes: 0 stopped by a signal; 64 usage; 66 the model cannot be read; 69 the address is taken;
70 the server failed; 128+N it was killed by signal N (137: most likely out of memory)."""

LEAST_TOKENS = 256
"""Context of one answer below which no grounded prompt fits."""


@dataclass(frozen=True)
class LlamaCppOptions:
    """Settings of one server."""

    model: Path
    alias: str
    host: str
    port: int
    context: int
    """Tokens of context, shared evenly by the parallel answers."""
    parallel: int
    """Answers generated at a time."""
    threads: int
    prompt_cache_mib: int
    """Memory for the states of prompts that lost their slot, in MiB. The library's default, 8 GiB, would get a pod
    killed; a state takes about 12 kB (0.5B) to 28 kB (1.5B) a token."""
    prefixes: Path | None
    """Folder in which clients may have the state of a slot kept; None: they may not."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.print_usage()
        self.exit(64, f"{self.prog}: {message}\n")


def parse_options(argv: Sequence[str] | None = None) -> LlamaCppOptions:
    """Read the command line; a mistake in it prints usage and exits with 64."""
    parser = _Parser(
        "python -m kefu_serving.engines.llamacpp",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", type=Path, required=True, metavar="FILE", help="GGUF file")
    parser.add_argument("--alias", required=True, metavar="NAME", help="model name that requests use")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=_between(1, 65535), default=8000, help="port to listen on (default %(default)s)")
    parser.add_argument(
        "--context", type=_between(256, 1 << 20), default=8192, metavar="TOKENS",
        help="context, shared evenly by the parallel answers (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--parallel", type=_between(1, 64), default=2, metavar="N", help="answers at a time (default %(default)s)"
    )
    parser.add_argument(
        "--threads", type=_between(1, 1024), default=available_cpus(), metavar="N",
        help="compute threads (default: the CPUs this process may use, %(default)s here)",
    )  # fmt: skip
    parser.add_argument(
        "--prompt-cache-mib", type=_between(0, 1 << 20), default=256, metavar="MIB",
        help="memory for prompts that lost their slot (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--prefixes", type=Path, metavar="DIR",
        help="let clients keep the state of a slot in files here: POST /slots/N?action=save|restore (default: refused)",
    )  # fmt: skip
    options = LlamaCppOptions(**vars(parser.parse_args(argv)))
    share = options.context // options.parallel
    if share < LEAST_TOKENS:
        parser.error(
            f"--context {options.context} leaves {share} tokens to each of {options.parallel} parallel answers: "
            f"give at least {LEAST_TOKENS * options.parallel}, or lower --parallel"
        )
    return options


class _between:  # noqa: N801 - reads as the function it stands for
    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def __call__(self, text: str) -> int:
        value = int(text) if text.isascii() and text.isdigit() else self._least - 1
        if not self._least <= value <= self._most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {self._least} to {self._most}")
        return value
