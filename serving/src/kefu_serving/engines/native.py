"""The process that holds the native server.

It is apart from the launcher because the library's calls keep the interpreter lock: while weights load, or while a
generation is being torn down, no Python signal handler would run. Here every signal keeps its default action.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from importlib import import_module

from kefu_serving.engines.options import LlamaCppOptions, parse_options

HTTP_THREADS = 256
"""A waiting or streaming request holds one of the server's threads; with its default (parallel + 4) a short queue
would silence /health, and the kubelet would kill a busy engine."""

READY_PREFIX = "kefu-ready "
"""Starts the line that tells the launcher that the model is loaded; the seconds follow."""

_WARNINGS = 2
"""The library's log level: errors and warnings, no request lines."""


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until a signal ends the process."""
    options = parse_options(argv)
    _die_with_parent()
    _prepare_openmp()
    begun = time.monotonic()
    server = serve(options)
    print(f"{READY_PREFIX}{time.monotonic() - begun:.3f}", flush=True)  # noqa: T201 - a message to the launcher
    threading.Event().wait()
    del server
    return 0


def serve(options: LlamaCppOptions) -> object:
    """Start the native server and return it once the model is loaded; it stops when it is collected.

    Raises:
        RuntimeError: the library's, when it cannot load the model or listen.
    """
    xllamacpp = import_module("xllamacpp")  # late: its OpenMP run-time reads the environment when it is loaded
    params = xllamacpp.CommonParams()
    params.model.path = str(options.model)
    params.model_alias = {options.alias}
    params.hostnames = [options.host]
    params.port = options.port
    params.n_ctx = options.context
    params.n_parallel = options.parallel
    # A share for each answer: from one common store, a long answer would take the room of the others and fail them all.
    params.kv_unified = False
    params.cont_batching = True
    params.cpuparams.n_threads = options.threads
    params.cpuparams_batch.n_threads = options.threads
    params.n_threads_http = HTTP_THREADS
    params.cache_prompt = True
    params.cache_ram_mib = options.prompt_cache_mib
    # Shifting cached chunks to a new position would let an answer attend to states computed beside the evidence of
    # another customer's question; only true prefixes are reused.
    params.n_cache_reuse = 0
    if options.prefixes:
        params.slot_save_path = f"{options.prefixes}/"  # the library puts the file's name right behind it
    params.endpoint_metrics = True
    params.endpoint_slots = False
    params.ui = False
    params.cors_origins = ""
    params.cors_origins_explicit = True
    params.verbosity = _WARNINGS
    return xllamacpp.Server(params)


def _prepare_openmp() -> None:
    """Let waiting threads sleep, not spin: beside other work on the same CPUs, spinning makes decoding 10 times slower."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def _die_with_parent() -> None:
    """Have the kernel end this process with its launcher (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
