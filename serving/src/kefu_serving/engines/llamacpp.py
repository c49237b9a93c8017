"""Starts llama.cpp's server for one GGUF model and tells, in one JSON line each, what happens to it.

`python -m kefu_serving.engines.llamacpp --model FILE --alias NAME`. The server runs in a process of its own
(`native`), so that a stop takes effect at once whatever it is doing, and so that its death gets a reason.
"""

import json
import signal
import socket
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from kefu_serving.engines.child import run_child
from kefu_serving.engines.errors import AddressError, EngineCrash, EngineError, LibraryMissing, ModelFileError
from kefu_serving.engines.library import PACKAGE, VARIABLE, WHEEL, builds_folder, fitting_build
from kefu_serving.engines.native import READY_PREFIX
from kefu_serving.engines.options import parse_options

GGUF_MAGIC = b"GGUF"

_LEVELS = {"E": "error", "W": "warning", "I": "info", "D": "debug"}


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code that `--help` documents."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = parse_options(arguments)
    try:
        version = check_library()
        check_model(options.model)
        check_address(options.host, options.port)
        build = fitting_build(builds_folder(), version)
        log(
            "info", "loading", model=options.model.name, threads=options.threads, parallel=options.parallel,
            build=build.name if build else WHEEL,
        )  # fmt: skip
        command = [sys.executable, "-m", "kefu_serving.engines.native", *arguments]
        status = run_child(command, log_native, build.environment() if build else None)
        if status is not None:
            raise crash(status)
    except EngineError as error:
        log("error", str(error))
        return error.exit_code
    log("info", "stopped")
    return 0


def check_library() -> str:
    """Refuse to start without the native server; returns its version.

    Raises:
        LibraryMissing: xllamacpp is not installed.
    """
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError as error:
        raise LibraryMissing(f"{PACKAGE} is not installed: pip install 'kefu-serving[llamacpp]'") from error


def check_model(path: Path) -> None:
    """Refuse a file that llama.cpp cannot serve, in words that its own messages lack.

    Raises:
        ModelFileError: `path` cannot be read, or does not start as a GGUF file does.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(len(GGUF_MAGIC))
    except OSError as error:
        raise ModelFileError(f"--model: {path} cannot be read: {error.strerror}") from error
    if magic != GGUF_MAGIC:
        raise ModelFileError(
            f"--model: {path} is not a GGUF file (it starts with {magic!r}); give a .gguf model, or choose engine.vllm"
        )


def check_address(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on.

    Raises:
        AddressError: the port is taken, or the host is not one of this machine's addresses.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise AddressError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another --host or --port"
        ) from error


def crash(status: int) -> EngineCrash:
    """Put the end of the native process into words. `status` is as `subprocess` gives it."""
    if status >= 0:
        return EngineCrash(f"the server ended with status {status}; the lines above say why", 70)
    name = signal.Signals(-status).name
    remedy = {
        signal.SIGKILL: "most likely out of memory: raise engine.resources.memory, or lower context or parallel",
        signal.SIGILL: f"this CPU lacks instructions that the build needs (the {WHEEL} AVX2; for it, set {VARIABLE} empty)",
    }.get(signal.Signals(-status), "a crash in native code: check the model file's SHA-256")
    return EngineCrash(f"the server was killed by {name}: {remedy}", 128 - status)


def log_native(line: str) -> None:
    """Log one line of the native process, as `0.00.012.751 E message` gives its level."""
    if line.startswith(READY_PREFIX):
        log("info", "ready", seconds=float(line.removeprefix(READY_PREFIX)))
        return
    words = line.split(maxsplit=2)
    if len(words) == 3 and words[1] in _LEVELS:
        log(_LEVELS[words[1]], words[2])
    elif line:
        log("info", line)


def log(level: str, message: str, **fields: str | float) -> None:
    """Print one JSON line."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    record = {"time": now, "level": level, "logger": "kefu.engine.llamacpp", "message": message, **fields}
    print(json.dumps(record, ensure_ascii=False), flush=True)  # noqa: T201 - the log


if __name__ == "__main__":
    sys.exit(main())
